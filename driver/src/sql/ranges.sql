-- Of 50,000 tickets or more. Where VACUUM follows the run they are smaller: workers that take turns in the last range
-- keep the old rows of each other's batches from being removed.
SELECT least(64, 1 + tickets / CASE WHEN tickets < 100000 THEN 50000 ELSE 10000 END)::integer
  FROM (SELECT sum(greatest(reltuples, 0)) AS tickets
          FROM pg_class
         WHERE oid IN (SELECT $1 UNION SELECT relid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf)) AS target
