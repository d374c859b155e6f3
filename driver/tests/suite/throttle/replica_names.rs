//! `--replica`: what is named has to be there.

use super::{RUN, expect_held, start};
use crate::common::{Database, Server, poll};

#[test]
fn a_named_standby_that_goes_away_is_waited_for() {
    let primary = Server::start("named", &["fsync=off"]);
    let standby = primary.standby("remote", &["fsync=off"]);
    let database = Database::create_on(&primary);
    database.make_tickets(5000);
    database.slow_down(200);
    let running = start(&database, &["--max-replica-lag", "1GB", "--replica", "remote"]);
    running.wait_for_stdout("completed: ");
    standby.stop("fast");
    let missing = "cannot read the replica lag: there is no standby and no replication slot \"remote\"";
    expect_held(&database, &running, missing);
    assert!(database.count("ticket_rotation_batch") > 0);
    // Who has not named it does not know of it.
    let batches = database.count("ticket_rotation_batch");
    let other = start(&database, &["--max-replica-lag", "1GB"]);
    poll("batches of the other driver", || database.count("ticket_rotation_batch") > batches);
    other.signal(libc::SIGTERM);
    other.wait().expect(143);
    database.execute("DROP TRIGGER rest ON ticket");
    standby.start_again();
    running.wait().expect(0);
}

#[test]
fn a_name_that_is_nowhere_is_refused_before_anything_is_done() {
    let database = Database::with_tickets(10);
    let options = ["--max-replica-lag", "10s", "--replica", "nowhere"];
    database.end(&[&RUN[..], &options].concat(), 1).says(&[
        "cannot read the replica lag: there is no standby and no replication slot \"nowhere\"",
        "HINT: Name it as in application_name of pg_stat_replication",
    ]);
    assert_eq!(database.count("ticket_rotation"), 0);
}

#[test]
fn a_physical_slot_stands_for_its_standby() {
    let server = Server::start("physical", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(2000);
    database.administrator().one("SELECT pg_create_physical_replication_slot('away', true)");
    let running = start(&database, &["--max-replica-lag", "16kB", "--replica", "away"]);
    expect_held(&database, &running, "replica away is more than 16kB behind");
    let standby = server.standby("back", &["fsync=off", "primary_slot_name=away"]);
    running.wait().expect(0);
    drop(standby);
}
