//! A scheduler's job: now and then a call by psql, whatever became of the one before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::database::Database;
use crate::kill::Chance;
use crate::process::Running;

pub fn call_until(stop: &AtomicBool, database: &Database, seed: u64) {
    let mut chance = Chance(seed);
    while !stop.load(Ordering::Relaxed) {
        let mut psql = database.program("psql");
        let call = format!("SELECT rotate_ticket_tokens(NULL, {})", 1 + chance.below(20));
        psql.args(["--no-psqlrc", "--command", &call]);
        Running::start(psql).wait();
        sleep(Duration::from_millis(chance.below(400)));
    }
}
