-- How many tickets there are
SELECT max(@id@) AS highest, count(*) AS tickets
FROM @target@
WHERE true@has_token@
