-- How many seconds ago run $1 has started. A few more, in which it may have looked at its table, or clocks may differ.
SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 - 10 FROM @extschema@.ticket_rotation WHERE run_id = $1
