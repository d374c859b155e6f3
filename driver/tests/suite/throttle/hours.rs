//! `--between`: the time zone makes it any time of the day.

use super::{RUN, expect_held};
use crate::common::{Database, Running};

const NIGHT: [&str; 2] = ["--between", "22:00-06:00"];

/// The run where it is `hour` o'clock now.
fn start_at(database: &Database, hour: i32) -> Running {
    let utc: i32 =
        database.one("SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::integer").parse().unwrap();
    let mut command = database.driver(&[&RUN[..], &NIGHT].concat());
    // POSIX counts hours west of Greenwich.
    command.env("PGTZ", format!("HERE{:+}", (utc - hour + 36) % 24 - 12));
    Running::start(command)
}

#[test]
fn a_run_waits_for_its_hours_and_a_signal_ends_the_wait() {
    let database = Database::with_tickets(200);
    let running = start_at(&database, 12);
    expect_held(&database, &running, "until 22:00");
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    running.signal(libc::SIGTERM);
    let resume = "run 1 is interrupted; continue with: rotate-driver run --workers 1 --batch 50 --between 22:00-06:00\n";
    running.wait().expect(143).says(&[resume]);
    for hour in [23, 3] {
        start_at(&database, hour).wait().expect(0);
    }
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn a_time_zone_that_is_none_is_refused() {
    let database = Database::with_tickets(10);
    let mut command = database.driver(&[&RUN[..], &NIGHT].concat());
    command.env("PGTZ", "Nowhere/Here");
    let refused = "cannot read the server's clock: ERROR 22023: time zone \"Nowhere/Here\" not recognized";
    Running::start(command).wait().expect(1).says(&[refused]);
    assert_eq!(database.count("ticket_rotation"), 0);
}
