//! Which server and database are taken: option, then DATABASE_URL, then PG* variables.

use std::process::Command;

use crate::common::{Database, Lock, Running, wait_for_blocked};

/// Two databases; only the first has a finished run.
fn databases() -> [Database<'static>; 2] {
    let right = Database::with_tickets(7);
    right.complete(&["run"]);
    [right, Database::with_tickets(1)]
}

fn url(database: &Database) -> String {
    let host = database.server.variable("PGHOST").replace('/', "%2F");
    let port = database.server.variable("PGPORT");
    format!("postgresql://postgres@{host}:{port}/{}", database.name)
}

#[track_caller]
fn assert_right(command: Command) {
    let ended = Running::start(command).wait().expect(0);
    assert!(ended.stdout.contains("100.00 % (7 of 7)"), "{}", ended.stdout);
}

#[test]
fn an_option_wins_over_database_url_and_that_over_variables() {
    let [right, wrong] = databases();
    assert_right(right.driver(&["status"]));
    let mut by_environment = wrong.driver(&["status"]);
    by_environment.env("DATABASE_URL", url(&right));
    assert_right(by_environment);
    let mut by_option = wrong.driver(&["--url", &url(&right), "status"]);
    by_option.env("DATABASE_URL", url(&wrong));
    assert_right(by_option);
}

#[test]
fn a_connection_string_may_be_pairs_or_a_name_and_the_variables_fill_it_up() {
    let [right, wrong] = databases();
    assert_right(wrong.driver(&["status", "--url", &right.name]));
    assert_right(wrong.driver(&["status", "--url", &format!("dbname = '{}'", right.name)]));
    assert_right(wrong.driver(&["status", "--url", &format!("postgres:///{}", right.name)]));
}

#[test]
fn a_connection_string_needs_no_variables() {
    let [right, _] = databases();
    let pairs = format!("dbname={} host={} user=postgres", right.name, right.server.variable("PGHOST"));
    let query =
        format!("postgresql:///{}?host={}&user=postgres", right.name, right.server.variable("PGHOST"));
    for text in [&url(&right), &pairs, &query] {
        let mut command = right.driver(&["status", "--url", text]);
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE"] {
            command.env_remove(name);
        }
        assert_right(command);
    }
}

#[test]
fn the_next_host_is_tried_where_one_does_not_answer() {
    let [right, _] = databases();
    let hosts = format!("host=/nowhere,{}", right.server.variable("PGHOST"));
    assert_right(right.driver(&["status", "--url", &hosts]));
}

#[test]
fn the_database_is_named_like_the_user_where_none_is_given() {
    let [right, _] = databases();
    right.execute(&format!("CREATE ROLE {} LOGIN SUPERUSER", right.name));
    let mut command = right.driver(&["status"]);
    command.env("PGUSER", &right.name).env_remove("PGDATABASE");
    assert_right(command);
}

#[test]
fn sessions_are_known_by_the_drivers_name_or_the_one_that_is_given() {
    let database = Database::with_tickets(100);
    for (variables, expected) in
        [(None, "rotate-driver"), (Some(("PGAPPNAME", "night shift")), "night shift")]
    {
        let _lock = Lock::hold(&database, "LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE");
        let mut command = database.driver(&["run"]);
        command.envs(variables);
        let _running = Running::start(command);
        wait_for_blocked(&database, 1);
        let names = "SELECT application_name FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        assert_eq!(database.one(names), expected);
    }
}
