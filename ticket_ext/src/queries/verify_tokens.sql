SELECT count(*) - count(@token@) AS without_token,
       count(@token@) - count(DISTINCT @token@) AS duplicates
FROM @target@
