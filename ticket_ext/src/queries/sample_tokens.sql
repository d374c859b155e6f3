-- Tokens from all parts of the table, by a sample of $1 percent of its pages, and the first ones: at most $2 of each
(SELECT @bytes@ FROM @target@ TABLESAMPLE SYSTEM ($1) WHERE NOT (@lacks_token@) LIMIT $2)
UNION ALL
(SELECT @bytes@ FROM @target@ WHERE NOT (@lacks_token@) LIMIT $2)
