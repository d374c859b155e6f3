-- How many tickets there are, with and without a token
SELECT @highest@ AS highest,
       count(*) FILTER (WHERE true@has_token@) AS tickets,
       count(*) FILTER (WHERE @lacks_token@) AS without_token
FROM @target@
