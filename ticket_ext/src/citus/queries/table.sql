-- How Citus keeps table $1; no row: it does not
SELECT CASE WHEN partmethod = 'h' THEN 'distributed'
            WHEN partmethod <> 'n' THEN 'other'
            WHEN repmodel = 't' THEN 'reference'
            WHEN colocationid = 0 THEN 'local'
            ELSE 'single-shard'
       END AS kind,
       repmodel = 'c' AS is_replicated,
       (SELECT groupid FROM pg_dist_local_group) = 0 AS on_coordinator,
       (SELECT count(DISTINCT shardid) = 1 AND count(*) = 1 AND bool_and(groupid <> 0)
        FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
        WHERE pg_dist_shard.logicalrelid = $1) AS is_in_one_place
FROM pg_dist_partition
WHERE logicalrelid = $1
