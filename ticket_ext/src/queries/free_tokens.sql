-- Those of the tokens ($1) that no ticket has
SELECT fresh.token
FROM unnest($1) AS fresh (token)
WHERE NOT EXISTS (SELECT FROM @target@ AS ticket WHERE ticket.@token@ @equals@ fresh.token::@base@)
