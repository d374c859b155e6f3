//! Memory does not grow with the table.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Database, List, Lock, Running, wait_for_blocked};

const MEGABYTE: u64 = 1024;

/// A line of /proc/PID/status, in kilobytes. None: the process has ended.
fn kilobytes(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
}

/// The driver's peak while its last batch waits for the last ticket.
fn peak_of_driver(tickets: u32) -> u64 {
    let database = Database::create();
    database.complete(&["init", "--size", &tickets.to_string()]);
    let lock = Lock::ticket(&database, tickets.into());
    let running = database.start(&["run", "--batch", "500"]);
    wait_for_blocked(&database, 1);
    let peak = kilobytes(running.id(), "VmHWM:").expect("it is running");
    drop(lock);
    running.wait().expect(0);
    peak
}

/// Of which most is the system's libraries: 10 MB in all on Debian 12, 12.3 MB on Debian 13.
#[test]
fn the_driver_takes_at_most_16_mb_whatever_the_size_of_the_table() {
    let (small, large) = (peak_of_driver(2_000), peak_of_driver(200_000));
    println!("peak of the driver: {small} kB for 2,000 tickets, {large} kB for 200,000");
    assert!(small.max(large) <= 16 * MEGABYTE, "{small} kB and {large} kB");
    assert!(large.abs_diff(small) <= MEGABYTE, "{small} kB and {large} kB");
}

/// What the system has noted of a driver by the time it ends.
fn peak_until_its_end(mut running: Running) -> u64 {
    let mut peak = 0;
    while running.is_running() {
        peak = kilobytes(running.id(), "VmHWM:").unwrap_or(peak);
        sleep(Duration::from_millis(1));
    }
    running.wait().expect(0);
    peak
}

#[test]
fn a_list_of_leaked_tokens_is_not_held_in_memory() {
    let database = Database::with_tickets(10);
    database.complete(&["run"]);
    let peak = |tokens: u32| {
        let list = List::of(
            &database,
            &format!(
                "SELECT token FROM leaked UNION ALL SELECT gen_random_uuid() FROM generate_series(1, {tokens})"
            ),
        );
        peak_until_its_end(database.start(&["verify", "--leaked", list.path()]))
    };
    let (small, large) = (peak(200_000), peak(600_000));
    println!("peak of verify: {small} kB for 200,000 tokens, {large} kB for 600,000");
    assert!(small.max(large) <= 48 * MEGABYTE, "{small} kB and {large} kB");
    assert!(large.saturating_sub(small) <= 4 * MEGABYTE, "{small} kB and {large} kB");
}

#[test]
fn a_session_grows_by_at_most_5_mb_over_a_thousand_batches() {
    let database = Database::with_tickets(50_000);
    let mut client = database.connect();
    let process: i32 = client.query_one("SELECT pg_backend_pid()", &[]).expect("a session").get(0);
    let mut rotate = || client.query_one("SELECT rotate_ticket_tokens(NULL, 50)", &[]).expect("a batch");
    rotate();
    let before = kilobytes(process as u32, "RssAnon:").expect("it is there");
    (1..=1000).for_each(|_| drop(rotate()));
    let after = kilobytes(process as u32, "RssAnon:").expect("it is there");
    println!("anonymous memory of the session: {before} kB after one batch, {after} kB after 1000");
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
    assert!(after <= before + 5 * MEGABYTE, "{before} kB, then {after} kB");
}
