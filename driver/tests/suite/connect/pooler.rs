//! Through a real PgBouncer in transaction mode: each statement may meet another session of the server.

use crate::common::{Database, List, Pooler, Running, Server, oracle, poll};

#[test]
fn two_drivers_share_a_run_through_a_pooler() {
    let database = Database::with_tickets(10_000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    oracle::watch(&database);
    database.one("SELECT start_ticket_rotation(ranges => 4)");
    let drivers = [50, 70]
        .map(|batch| Running::start(pooler.driver(&database, &["run", "--batch", &batch.to_string()])));
    for driver in drivers {
        driver.wait().expect(0);
    }
    oracle::assert_rotated_once(&database);
    let list = List::of(&database, "SELECT token FROM leaked");
    Running::start(pooler.driver(&database, &["verify", "--leaked", list.path()])).wait().expect(0);
}

#[test]
fn a_run_through_a_pooler_survives_restarts_of_the_server() {
    let server = Server::start("pooled", &["synchronous_commit=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(5000);
    let Some(pooler) = Pooler::before(&server) else { return };
    oracle::watch(&database);
    database.slow_down(5);
    let running = Running::start(pooler.driver(&database, &["run", "--batch", "20"]));
    for (batches, mode) in [(20, "fast"), (60, "immediate")] {
        poll("some batches", || database.count("ticket_rotation_batch") >= batches);
        server.restart(mode);
    }
    running.wait().expect(0).says(&["; trying again in "]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_run_through_a_pooler_is_vacuumed() {
    let database = Database::with_tickets(100_000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    database.execute("ALTER TABLE ticket SET (autovacuum_enabled = off)");
    let ended = Running::start(pooler.driver(&database, &["run"])).wait().expect(0);
    assert!(!ended.stderr.contains("VACUUM failed"), "{}", ended.stderr);
    poll("VACUUM", || {
        database.count("pg_stat_user_tables WHERE relname = 'ticket' AND vacuum_count > 0") == 1
    });
}
