//! One name behind which the servers change.

use super::pair::Pair;
use crate::common::{Database, Running, Switch, TRYING, Way, oracle, poll, terminate};

fn start_behind(switch: &Switch, database: &Database) -> Running {
    let mut command = database.driver(&["run", "--batch", "20"]);
    switch.set_variables(&mut command);
    Running::start(command)
}

/// For ten seconds: a reason that stays the same is said every five.
#[test]
fn a_standby_in_the_place_of_the_primary_is_waited_out() {
    let pair = Pair::start(["writer", "reader"], 5000);
    let switch = Switch::set_to(Way::to(pair.leading()));
    let running = start_behind(&switch, &pair.primary());
    pair.wait_for_batches(10);
    switch.turn(Way::to(pair.standing_by()));
    terminate(&pair.primary());
    running.wait_for_stderr_times("ERROR 25006: ", 3);
    running.wait_for_last_stderr_line(TRYING);
    switch.turn(Way::to(pair.leading()));
    running.wait().expect(0);
    pair.assert_rotated_once();
}

#[test]
fn a_pooler_that_turns_connections_away_is_waited_out_where_it_has_worked() {
    let database = Database::with_tickets(5000);
    oracle::watch(&database);
    database.slow_down(5);
    let switch = Switch::set_to(Way::TurnAway);
    let refused = "FATAL XX000: Tenant or user not found";
    start_behind(&switch, &database).wait().expect(1).says(&[refused, "HINT: A pooler has answered"]);
    switch.turn(Way::to(database.server));
    let running = start_behind(&switch, &database);
    poll("some batches", || database.count("ticket_rotation_batch") >= 10);
    switch.turn(Way::TurnAway);
    terminate(&database);
    running.wait_for_stderr(&format!("{refused}{TRYING}"));
    switch.turn(Way::to(database.server));
    running.wait().expect(0);
    oracle::assert_rotated_once(&database);
}
