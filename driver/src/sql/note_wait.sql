-- Without a reason ($2) the run goes on. It waits neither for the disk nor long for a lock: it is repeated soon.
INSERT INTO @schema@.ticket_rotation_control (run_id, waiting_for, waiting_at)
SELECT $1, $2, clock_timestamp()
  FROM set_config('lock_timeout', '100', true) AS lock_timeout,
       set_config('synchronous_commit', 'off', true) AS synchronous_commit
ON CONFLICT (run_id) DO UPDATE SET waiting_for = excluded.waiting_for, waiting_at = excluded.waiting_at
