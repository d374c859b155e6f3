-- A key of each shard of the table with the name $1, of those that come up among the first $2
SELECT DISTINCT ON (shard) shard, key
FROM (SELECT key, pg_catalog.get_shard_id_for_distribution_column($1::pg_catalog.text::pg_catalog.regclass,
                                                                  key::@key_type@) AS shard
      FROM (SELECT CASE WHEN $3 THEN pg_catalog.md5(number::pg_catalog.text) ELSE number::pg_catalog.text END AS key
            FROM pg_catalog.generate_series(1, $2) AS number) AS keys) AS placed
ORDER BY shard, key
