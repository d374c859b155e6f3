//! A scheduler's job: now and then a call by psql, whatever became of the one before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

use crate::common::{Database, Running};

pub fn call_until(stop: &AtomicBool, database: &Database, seed: u64) {
    let mut random = Rng::with_seed(seed);
    while !stop.load(Ordering::Relaxed) {
        let mut psql = database.program("psql");
        let call = format!("SELECT rotate_ticket_tokens(NULL, {})", 1 + random.u64(..20));
        psql.args(["--no-psqlrc", "--command", &call]);
        Running::start(psql).wait();
        sleep(Duration::from_millis(random.u64(..400)));
    }
}
