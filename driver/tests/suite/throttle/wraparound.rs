//! A real autovacuum to prevent wraparound.

use super::{RUN, expect_held};
use crate::common::{Database, Running, Server, poll, rotator};

const WORKER: &str =
    "pg_stat_activity WHERE query LIKE 'autovacuum: VACUUM% public.ticket (to prevent wraparound)'";

/// Uses up transaction ids, so that the tickets are old enough for the settings below.
const AGE: &str = "
    CREATE PROCEDURE age() LANGUAGE plpgsql AS $$
    BEGIN
        FOR i IN 1..100100 LOOP
            PERFORM pg_current_xact_id();
            COMMIT;
        END LOOP;
    END$$";

/// Such a vacuum has to freeze every ticket, and waits for a page that a cursor stands on.
const DUE: &str = "ALTER TABLE ticket SET (autovacuum_freeze_max_age = 100000, autovacuum_freeze_min_age = 0,
                                           autovacuum_freeze_table_age = 0)";

#[test]
fn a_run_waits_for_an_autovacuum_that_prevents_wraparound() {
    let server =
        Server::start("wraparound", &["fsync=off", "synchronous_commit=off", "autovacuum_naptime=1s"]);
    let database = Database::create_on(&server);
    database.make_tickets(1000);
    database.execute(AGE);
    database.execute("CALL age()");
    let mut reader = database.connect();
    let cursor = "BEGIN; DECLARE place CURSOR FOR SELECT FROM ticket; FETCH place";
    reader.batch_execute(cursor).expect("a cursor");
    database.execute(DUE);
    poll("an autovacuum", || database.count(WORKER) > 0);

    let mut unprivileged = database.driver(&RUN);
    unprivileged.env("PGUSER", rotator(&database, "public.ticket"));
    let drivers = [Running::start(unprivileged), database.start(&RUN)];
    for running in &drivers {
        expect_held(&database, running, "an autovacuum to prevent wraparound is at work in ticket");
    }
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    let ignoring = database.start(&["run", "--batch", "1000", "--workers", "1", "--ignore", "wraparound"]);
    poll("a batch beside it", || database.count("ticket_rotation_batch") == 1);
    drop(ignoring);
    drop(reader);
    for running in drivers {
        running.wait().expect(0);
    }
}
