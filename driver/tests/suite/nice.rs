//! `--nice`: rest after each batch.

use libc::SIGINT;

use crate::common::{Database, poll};

/// Batches that were followed too soon by the next one.
fn hasty(nice: u32) -> String {
    format!(
        "(SELECT finished_at - started_at AS work, lead(started_at) OVER run - finished_at AS rest
            FROM ticket_rotation_batch WHERE NOT sweep WINDOW run AS (ORDER BY started_at)) AS batch
         WHERE rest < {nice} * work"
    )
}

#[test]
fn each_batch_is_followed_by_so_many_times_its_own_time() {
    let database = Database::with_tickets(300);
    database.slow_down(20);
    database.complete(&["run", "--workers", "1", "--batch", "50", "--nice", "10.5"]);
    assert_eq!(database.count("ticket_rotation_batch WHERE NOT sweep AND tickets > 0"), 6);
    assert_eq!(database.count(&hasty(10)), 0);
}

#[test]
fn progress_is_shown_during_the_rest_and_a_signal_ends_it() {
    let database = Database::with_tickets(300);
    // The rest is longer than any test waits.
    database.slow_down(1000);
    let arguments = ["run", "--workers", "1", "--batch", "50", "--interval", "1", "--nice", "100"];
    let running = database.start(&arguments);
    poll("a batch", || database.count("ticket_rotation_batch") == 1);
    running.wait_for_stdout("completed: 16.67 % (50 of 300) | remaining time: ");
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    ended.says(&["continue with: rotate-driver run --workers 1 --batch 50 --interval 1 --nice 100\n"]);
    assert_eq!(database.count("ticket_rotation_batch"), 1);
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    let database = Database::create();
    for wrong in ["--nice=-1", "--nice=101", "--nice=much"] {
        database.end(&["run", wrong], 2).says(&["--nice", "is not in 0..=100"]);
    }
}
