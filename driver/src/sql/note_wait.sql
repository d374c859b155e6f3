-- Without a reason ($3) the run goes on. It waits neither for the disk nor long for a lock: it is repeated soon.
SELECT @schema@.note_ticket_rotation_wait(
    $3::pg_catalog.text, $1::pg_catalog.oid::pg_catalog.regclass, $2::pg_catalog.text::pg_catalog.name
)
FROM pg_catalog.set_config('lock_timeout', '100', true) AS lock_timeout,
     pg_catalog.set_config('synchronous_commit', 'off', true) AS synchronous_commit
