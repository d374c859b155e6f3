-- Ids below $1 that divide the tickets into $2 parts of about the same size, by a sample of $3 percent of the pages
SELECT DISTINCT id
FROM (SELECT unnest(percentile_disc(ARRAY(SELECT part / $2::float8 FROM generate_series(1, $2 - 1) AS part))
                    WITHIN GROUP (ORDER BY @id@)) AS id
      FROM @target@ TABLESAMPLE SYSTEM ($3)) AS ends
WHERE id < $1
ORDER BY id
