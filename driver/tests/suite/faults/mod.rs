//! The fault campaign: a run that has to survive whatever happens to its drivers, sessions, server and disk, while
//! the application goes on. `make faults KILLS=200 SEED=1`; the same seed makes the same schedule of faults.

mod campaign;
mod changes;
mod crash;
mod cron;
mod disk;
mod drivers;
mod ids;
mod injection;
mod kind;
mod mutants;
mod older_transactions;
mod probe;
mod report;
mod schedule;
mod table;
mod traffic;
mod victims;
mod violations;
mod waiting;
mod writers;

use crate::common::{Database, Server, number};
use campaign::Campaign;
use disk::WalDisk;
use schedule::Schedule;

/// Enough for some dozens of batches between two faults.
const TICKETS_PER_KILL: u64 = 300;

#[test]
fn a_run_survives_a_campaign_of_faults() {
    let (kills, seed) = (number("KILLS", 20), number("SEED", 1));
    println!("seed {seed}");
    // The server is dropped before its disk.
    let (wal_disk, server) = server();
    let database = Database::create_on(&server);
    let is_partitioned = seed % 2 == 1;
    table::prepare(&database, kills.max(5) * TICKETS_PER_KILL, is_partitioned);
    let schedule = Schedule::new(seed, kills as usize);
    let report = Campaign::begin(&database, &schedule, wal_disk.as_ref(), true).run(schedule);
    println!("{report}");
    assert!(report.violations.is_empty(), "{report}");
}

/// With fsync and synchronous_commit on, and its WAL on a disk that can be filled up, where that can be made.
fn server() -> (Option<WalDisk>, Server) {
    crash::adopt_servers();
    let settings = ["fsync=on", "synchronous_commit=on", "max_prepared_transactions=2"];
    let server = Server::start("faults", &[&settings[..], &disk::SETTINGS[..]].concat());
    match WalDisk::under(&server) {
        Ok(disk) => (Some(disk), server),
        Err(reason) => {
            println!("skipped: no small file system for WAL ({reason})");
            (None, server)
        }
    }
}
