WITH survivors AS MATERIALIZED (
@in_flight@
)
SELECT (SELECT count(*) FROM survivors) AS not_rotated,
       ARRAY(SELECT id FROM survivors ORDER BY id LIMIT $5) AS ids
