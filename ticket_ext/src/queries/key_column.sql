-- The column that orders the tickets of table $1: the one with number $3 or name $4, where it can; else a primary key
-- of one column, the column of it that has a sequence or that is left without those which partition the table, or any
-- other with a sequence. $2: its token column. It is NOT NULL and leads an index that holds every ticket.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), partitioning AS (
    SELECT attname
    FROM tree
    JOIN pg_partitioned_table ON partrelid = tree.oid
    JOIN pg_attribute ON attrelid = partrelid AND attnum = ANY (partattrs)
), primary_key AS (
    SELECT conkey FROM pg_constraint WHERE conrelid = $1 AND contype = 'p'
), index AS (
    SELECT indkey[0] AS attnum, indisunique AND indnkeyatts = 1 AS is_unique
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam AND amname = 'btree'
    JOIN pg_opclass ON pg_opclass.oid = indclass[0] AND opcdefault
    WHERE indrelid = $1 AND indisvalid AND indpred IS NULL
), field AS (
    SELECT attname, attnum, attnotnull, conkey,
           coalesce(nullif(typbasetype, 0), pg_type.oid)::regtype::text AS base,
           format_type(atttypid, atttypmod) AS type_name,
           attnum IN (SELECT index.attnum FROM index) AS is_indexed,
           attnum IN (SELECT index.attnum FROM index WHERE is_unique) AS is_unique,
           (SELECT sequence.oid
            FROM pg_depend
            JOIN pg_class AS sequence ON sequence.oid = objid AND sequence.relkind = 'S'
            WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
              AND refobjid = $1 AND refobjsubid = attnum AND deptype IN ('a', 'i')
            LIMIT 1) AS sequence
    FROM pg_attribute
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN primary_key ON true
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
), usable AS (
    SELECT field.*,
           -- the more keys differ, the less a batch has to take that were not asked for
           row_number() OVER (ORDER BY is_unique DESC,
                              (SELECT CASE WHEN n_distinct < 0 THEN -n_distinct * reltuples ELSE n_distinct END
                               FROM pg_stats
                               WHERE schemaname = own.schema AND tablename = own.name
                                 AND pg_stats.attname = field.attname AND NOT inherited) DESC NULLS LAST,
                              attnum) AS place,
           CASE WHEN attnum = $3 OR attname = $4 THEN 1
                WHEN conkey = ARRAY[attnum] THEN 2
                WHEN attnum = ANY (conkey) AND sequence IS NOT NULL THEN 3
                WHEN attnum = ANY (conkey) AND NOT EXISTS (
                    SELECT FROM pg_attribute AS other
                    WHERE attrelid = $1 AND other.attnum = ANY (conkey) AND other.attnum <> field.attnum
                      AND other.attname NOT IN (SELECT attname FROM partitioning)) THEN 4
                WHEN sequence IS NOT NULL THEN 5
           END AS choice
    FROM field
    CROSS JOIN (SELECT nspname AS schema, relname AS name, reltuples
                FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE pg_class.oid = $1) AS own
    WHERE base IN ('smallint', 'integer', 'bigint', 'uuid') AND attnotnull AND is_indexed AND attname <> $2
)
SELECT quote_ident(key.attname) AS key,
       key.attname::text AS key_name,
       key.attnum AS key_number,
       key.base = 'uuid' AS is_uuid,
       NOT key.is_unique OR key.base = 'uuid' AS repeats,
       key.sequence,
       (SELECT string_agg(format('%L', attname), ', ' ORDER BY place) FROM usable) AS candidates,
       (SELECT format('%L', attname) FROM usable ORDER BY place LIMIT 1) AS candidate,
       CASE WHEN $4 IS NULL THEN NULL
            WHEN named.attname IS NULL THEN 'does not exist'
            WHEN named.attname = $2 THEN 'is the token column'
            WHEN named.base NOT IN ('smallint', 'integer', 'bigint', 'uuid')
            THEN 'is of type ' || named.type_name || ', not of smallint, integer, bigint or uuid'
            WHEN NOT named.attnotnull THEN 'can be NULL'
            WHEN NOT named.is_indexed THEN 'leads no B-tree index that is valid and not partial'
       END AS fault,
       CASE WHEN named.attname IS NULL OR named.attname = $2 OR named.base NOT IN ('smallint', 'integer', 'bigint', 'uuid') THEN NULL
            WHEN NOT named.attnotnull THEN format('ALTER TABLE %s ALTER %I SET NOT NULL;', target, named.attname)
            WHEN NOT named.is_indexed THEN format('CREATE INDEX%s ON %s (%I);', how, target, named.attname)
       END AS remedy,
       format('ALTER TABLE %1$s ADD COLUMN ticket_number %2$s; CREATE INDEX%3$s ON %1$s (ticket_number);', target,
              CASE relkind WHEN 'p' THEN 'bigserial' ELSE 'bigint GENERATED ALWAYS AS IDENTITY' END,
              how) AS new_key
FROM (SELECT format('%I.%I', nspname, relname) AS target, relkind,
             CASE relkind WHEN 'p' THEN '' ELSE ' CONCURRENTLY' END AS how
      FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS target
LEFT JOIN field AS named ON named.attname = $4
LEFT JOIN (SELECT * FROM usable WHERE choice IS NOT NULL ORDER BY choice, attnum LIMIT 1) AS key ON true
