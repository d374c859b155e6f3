-- Whether a condition is false with one of the tokens ($1) in the place of those of the first tickets ($2)
SELECT EXISTS (
    SELECT FROM (
        SELECT @columns@fresh.token::@declared@ AS @token@
        FROM (SELECT * FROM @target@ WHERE true@has_token@ LIMIT $2) AS ticket
        CROSS JOIN unnest($1::text[]) AS fresh (token)) AS ticket
    WHERE NOT (@condition@)
)
