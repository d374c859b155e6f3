//! `--max-replica-lag`, by a standby whose replay is paused and a slot that nobody reads.

use super::{RUN, expect_held, start};
use crate::common::{Database, Running, Server, poll, rotator};

#[test]
fn a_run_waits_while_a_standby_stands_still() {
    let primary = Server::start("lag", &["fsync=off"]);
    let standby = primary.standby("lagging", &["fsync=off"]);
    let database = Database::create_on(&primary);
    database.make_tickets(6000);
    database.slow_down(20);
    let replay = |action: &str| Database::named(&standby, "postgres").one(&format!("SELECT {action}()"));
    replay("pg_wal_replay_pause");
    database.administrator().execute("CREATE TABLE written (); CHECKPOINT");
    let age = "SELECT clock_timestamp() - checkpoint_time > '1 s' FROM pg_control_checkpoint()";
    poll("a lag from before the run", || database.one(age) == "true");

    let reason = "replica lagging is more than 1s behind";
    let running = start(&database, &["--max-replica-lag", "1s", "--interval", "1"]);
    expect_held(&database, &running, reason);
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    let json = start(&database, &["--max-replica-lag", "1s", "--progress", "json"]);
    json.wait_for_stdout("{\"event\":\"throttled\",");
    json.wait_for_stdout(&format!("\"throttle\":\"{reason}\""));
    running.wait_for_stdout(&format!(" | waits: {reason}"));
    let status = database.complete(&["status"]).stdout;
    assert!(status.contains(reason), "{status}");

    replay("pg_wal_replay_resume");
    // Said before the next reason is: that line could else be taken for it.
    running.wait_for_last_stderr_line("goes on");
    poll("batches", || database.count("ticket_rotation_batch") > 0);
    replay("pg_wal_replay_pause");
    expect_held(&database, &running, reason);
    replay("pg_wal_replay_resume");
    running.wait().expect(0);
    json.wait().expect(0);
    assert!(!database.complete(&["status"]).stdout.contains(reason));
}

#[test]
fn a_run_waits_for_a_logical_slot_in_bytes_and_only_for_those_of_its_database() {
    let server = Server::start("slots", &["fsync=off", "wal_level=logical"]);
    let [database, other] = [(); 2].map(|()| Database::create_on(&server));
    for database in [&database, &other] {
        database.make_tickets(2000);
        database.slow_down(50);
    }
    database.administrator().one("SELECT pg_create_logical_replication_slot('unread', 'test_decoding')");
    let running = start(&database, &["--max-replica-lag", "1h", "--max-replica-lag", "64kB"]);
    expect_held(&database, &running, "replica unread is more than 64kB behind");
    // Whoever names a logical slot needs no privilege to see it.
    let mut unprivileged =
        database.driver(&[&RUN[..], &["--max-replica-lag", "64kB", "--replica", "unread"]].concat());
    unprivileged.env("PGUSER", rotator(&database, "public.ticket"));
    let unprivileged = Running::start(unprivileged);
    expect_held(&database, &unprivileged, "replica unread is more than 64kB behind");
    unprivileged.signal(libc::SIGTERM);
    unprivileged.wait().expect(143);
    other.complete(&[&RUN[..], &["--max-replica-lag", "64kB"]].concat());

    let before = database.count("ticket_rotation_batch");
    database.administrator().one("SELECT pg_replication_slot_advance('unread', pg_current_wal_lsn())");
    poll("batches", || database.count("ticket_rotation_batch") > before);
    expect_held(&database, &running, "replica unread is more than 64kB behind");
    database.administrator().one("SELECT pg_drop_replication_slot('unread')");
    running.wait().expect(0);
}
