//! `--max-active`, on a server where nobody else is at work.

use std::thread;

use crate::database::Database;
use crate::process::{Running, poll};
use crate::server::Server;

use super::{expect_held, start};

const SLEEPERS: &str = "pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)' AND state = 'active'";

#[test]
fn a_run_waits_while_more_sessions_than_allowed_are_active() {
    let server = Server::start("busy", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(2000);
    thread::scope(|scope| {
        for _ in 0..2 {
            // Ends by being cancelled.
            scope.spawn(|| database.connect().batch_execute("SELECT pg_sleep(3600)").unwrap_err());
        }
        poll("two busy sessions", || database.count(SLEEPERS) == 2);
        let running = start(&database, &["--max-active", "1"]);
        expect_held(&database, &running, "more than 1 other session(s) are active");
        assert_eq!(database.count("ticket_rotation_batch"), 0);
        let cancel = |some: &str| {
            database.one(&format!(
                "SELECT count(pg_cancel_backend(pid)) FROM (SELECT pid FROM {SLEEPERS} {some}) AS s"
            ))
        };
        cancel("LIMIT 1");
        running.wait().expect(0);
        cancel("");
    });
}

#[test]
fn sessions_that_rotate_do_not_count() {
    let server = Server::start("rotating", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(4000);
    database.slow_down(20);
    database.one("SELECT start_ticket_rotation(ranges => 4)");
    let mut procedure = database.program("psql");
    procedure.args(["-c", "CALL rotate_all_tickets(50)"]);
    let procedure = Running::start(procedure);
    let drivers =
        [(); 2].map(|()| database.start(&["run", "--workers", "2", "--batch", "50", "--max-active", "0"]));
    for driver in drivers {
        let ended = driver.wait().expect(0);
        assert!(!ended.stderr.contains("other session(s)"), "{}", ended.stderr);
    }
    procedure.wait().expect(0);
}
