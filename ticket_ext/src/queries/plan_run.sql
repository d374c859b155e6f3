SELECT min(@id@)::bigint AS lowest_id, max(@id@)::bigint AS upper_id, count(*) AS tickets FROM @target@
