-- How many tickets there are, and the first transaction id that this look cannot see anything of
SELECT max(@key@)::bigint AS highest,
       count(*) AS tickets,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS horizon
FROM @target@
WHERE true@has_token@
