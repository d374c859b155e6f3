-- How many tickets there are
SELECT max(@key@)::bigint AS highest, count(*) AS tickets
FROM @target@
WHERE true@has_token@
