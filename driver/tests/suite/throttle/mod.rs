//! What a run waits for beside live traffic: each signal read from the real thing.

mod activity;
mod hours;
mod options;
mod privileges;
mod query;
mod replica_lag;
mod replica_names;
mod wraparound;

use std::thread::sleep;
use std::time::Duration;

use crate::common::{Database, Running};

/// One worker, so that none is in a batch once it has said that it waits.
const RUN: [&str; 5] = ["run", "--workers", "1", "--batch", "50"];

fn start(database: &Database, options: &[&str]) -> Running {
    database.start(&[&RUN, options].concat())
}

/// Says why it waits, and starts no batch.
fn expect_held(database: &Database, running: &Running, reason: &str) {
    running.wait_for_last_stderr_line(reason);
    let batches = || database.count("ticket_rotation_batch");
    let before = batches();
    // Two looks.
    sleep(Duration::from_millis(1200));
    assert_eq!(batches(), before, "no batch is started");
}
