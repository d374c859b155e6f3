-- Which of the listed tokens are in use, and by which ticket. In order an index finds them twice to four times as fast.
SELECT listed.entry, ticket.@key@::text AS key
  FROM (SELECT token::@type@ AS token, entry FROM unnest($1, $2) AS listed (token, entry) ORDER BY token) AS listed
  JOIN @table@ AS ticket ON ticket.@token@ @equals@ listed.token
