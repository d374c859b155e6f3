//! Calls that have waited for a row which turned out to be done with. They hold its lock all the same, so they wait for
//! nothing more: a session that sweeps may wait for it.

use super::{Waiting, holding, state, with_tickets};

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";

#[test]
fn a_call_that_waited_for_the_last_range_leaves_the_sweep_to_the_next_one() {
    let database = with_tickets(10);
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    database.one(&format!("SELECT {BATCH}"));
    let mut holder = holding(&database, "SELECT rotate_ticket_tokens(NULL, 6)");
    let waiting = Waiting::begin(&database, BATCH);
    holder.batch_execute("COMMIT").expect("the server answers");
    assert!(waiting.end().expect("it has waited").is_some(), "there may be something left");
    assert_eq!(database.one("SELECT sweep_horizon IS NULL FROM ticket_rotation"), "true");
    assert_eq!(database.one(&format!("SELECT {BATCH} IS NULL")), "true");
    assert_eq!(state(&database), "finished");
}

#[test]
fn a_call_that_waited_for_another_to_begin_the_sweep_leaves_it_to_the_next_one() {
    let database = with_tickets(10);
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    database.one("SELECT rotate_ticket_tokens(NULL, 11)");
    let mut holder = holding(&database, "SELECT rotate_ticket_tokens(NULL, 5)");
    let waiting = Waiting::begin(&database, BATCH);
    holder.batch_execute("COMMIT").expect("the server answers");
    assert!(waiting.end().expect("it has waited").is_some(), "there may be something left");
    assert_eq!(state(&database), "finished");
}
