-- How many tickets there are, and a transaction id above those of all transactions that this look might not see: the end
-- of its snapshot is not, since the newest ones in progress can lie behind it.
SELECT max(@id@) AS highest,
       count(*) AS tickets,
       pg_current_xact_id()::text::bigint AS horizon
FROM @target@
WHERE true@has_token@
