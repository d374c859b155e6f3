-- The number of the next run, and what of table $1 and its column $2 is unfinished
SELECT (SELECT coalesce(pg_catalog.max(run), 0) OPERATOR(pg_catalog.+) 1 FROM @schema@.ticket_rotation_shards) AS run,
       EXISTS (SELECT FROM @schema@.ticket_rotation_shards AS own
               WHERE own.target::pg_catalog.oid OPERATOR(pg_catalog.=) $1
                 AND own.token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
                 AND own.finished_at IS NULL) AS is_unfinished,
       EXISTS (SELECT FROM @schema@.ticket_rotation AS whole
               WHERE whole.target::pg_catalog.oid OPERATOR(pg_catalog.=) $1
                 AND whole.token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
                 AND whole.finished_at IS NULL) AS is_rotated_as_a_whole
