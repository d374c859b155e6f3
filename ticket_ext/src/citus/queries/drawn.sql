-- The highest number that any node has drawn from sequence $1: each has its own. NULL where one does not answer.
SELECT CASE WHEN bool_and(success) THEN max(CASE WHEN success THEN nullif(result, '')::bigint END) END
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS sequence
CROSS JOIN LATERAL run_command_on_all_nodes(format('SELECT pg_catalog.pg_sequence_last_value(%L)', name))
