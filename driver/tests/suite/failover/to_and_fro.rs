//! Failovers between two servers that replicate synchronously, over and over: nothing that anybody was told is lost.
//! `FAILOVERS=20 cargo test to_and_fro` makes more of them.

use super::application::Application;
use super::pair::Pair;
use crate::common::{TRYING, number};

/// Enough for a hundred batches between two failovers.
const TICKETS_PER_FAILOVER: u64 = 600;
const RUN: [&str; 9] =
    ["run", "--batch", "5", "--workers", "1", "--synchronous-commit", "on", "--retry-for", "3m"];

#[test]
fn a_run_survives_failovers_to_and_fro() {
    let failovers = number("FAILOVERS", 2);
    let mut pair = Pair::start(["to", "fro"], failovers * TICKETS_PER_FAILOVER);
    pair.replicate_synchronously();
    let drivers = [pair.primary_first(), pair.standby_first()].map(|hosts| pair.drive(&hosts, &RUN));
    let application = Application::start(&pair);
    // An orderly one, and one after a crash.
    for mode in ["fast", "immediate"].into_iter().cycle().take(failovers as usize) {
        pair.wait_for_batches(10);
        assert_eq!(pair.primary().one("SELECT state FROM ticket_rotation"), "active");
        pair.promote(mode);
        pair.rewind();
    }
    for driver in drivers {
        driver.wait().expect(0).says(&[TRYING]);
    }
    let told = application.end();
    pair.assert_rotated_once();
    told.assert_still_true(&pair);
    pair.drive(&pair.standby_first(), &["verify"]).wait().expect(0);
}
