//! The options on the command line.

use super::start;
use crate::common::{Database, Lock, wait_for_blocked};

#[test]
fn help_lists_them_under_a_heading() {
    let database = Database::with_tickets(1);
    let help = database.complete(&["run", "--help"]).stdout;
    let throttles = help.split("Throttles:").nth(1).expect("a heading");
    for option in ["--max-replica-lag", "--replica", "--max-active", "--throttle-query", "--between"] {
        assert!(throttles.contains(option), "{option} is missing in: {help}");
    }
}

#[test]
fn mistakes_are_those_of_usage() {
    let database = Database::with_tickets(1);
    for (options, said) in [
        (&["--between", "06:00-06:00"][..], "it begins and ends at the same time"),
        (&["--between", "10pm"], "it is not of the form 22:00-06:00"),
        (&["--max-replica-lag", "64"], "it needs a unit, as in 10s or 64MB"),
        (&["--max-replica-lag", "10ms"], "it is not between 1s and 1d"),
        (&["--replica", "a"], "--max-replica-lag <TIME|BYTES>"),
        (&["--max-active", "few"], "--max-active <N>"),
    ] {
        start(&database, options).wait().expect(2).says(&[said]);
    }
}

#[test]
fn an_interrupted_run_repeats_them() {
    let database = Database::with_tickets(100);
    database.administrator().one("SELECT pg_create_physical_replication_slot('slot_of_options', true)");
    let options = [
        "--max-replica-lag",
        "1day",
        "--max-replica-lag",
        "1TB",
        "--replica",
        "slot_of_options",
        "--max-active",
        "1000",
        "--throttle-query",
        "SELECT false",
    ];
    let lock = Lock::ticket(&database, 1);
    let running = start(&database, &options);
    wait_for_blocked(&database, 1);
    running.signal(libc::SIGINT);
    running.wait_for_stderr("stopping after the batch in flight");
    drop(lock);
    let resume = "continue with: rotate-driver run --workers 1 --batch 50 --max-replica-lag 1day --max-replica-lag 1TB \
                  --replica slot_of_options --max-active 1000 --throttle-query 'SELECT false'\n";
    running.wait().expect(130).says(&[resume]);
    database.administrator().one("SELECT pg_drop_replication_slot('slot_of_options')");
}
