//! Which server and database are taken: option, then DATABASE_URL, then PG* variables.

use std::fs;
use std::path::Path;
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
    format!("postgresql://{}@{host}:{port}/{}", database.role, database.name)
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
    let (name, host, user) = (&right.name, right.server.variable("PGHOST"), &right.role);
    let pairs = format!("dbname={name} host={host} user={user}");
    let query = format!("postgresql:///{name}?host={host}&user={user}");
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
    right.execute(&format!("CREATE ROLE {} LOGIN {}", right.name, right.edition().privileged()));
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

#[test]
fn the_urls_of_frameworks_are_understood() {
    let [right, _] = databases();
    let plain = url(&right);
    for scheme in ["postgis://", "postgresql+psycopg2://", "postgres+asyncpg://"] {
        let url =
            format!("{}?pgbouncer=true&connection_limit=1&ssl=false", plain.replace("postgresql://", scheme));
        assert_right(right.driver(&["status", "--url", &url]));
    }
}

#[test]
fn a_url_that_cannot_be_read_reaches_neither_the_output_nor_the_servers_log() {
    let [right, _] = databases();
    for url in [
        "\"postgres://ann:s3cr3t-word@127.0.0.1/app\"",
        "'postgres://ann:s3cr3t-word@127.0.0.1/app?sslmode=require'",
        "postgresql:/ann:s3cr3t-word@127.0.0.1/app",
        "mysql://ann:s3cr3t-word@127.0.0.1/app?ssl=require",
        "jdbc:postgresql://127.0.0.1/app?user=ann&password=s3cr3t-word",
        "ann:s3cr3t-word@127.0.0.1/app",
        "host=/tmp;password=s3cr3t-word",
        "postgres:///app?schema=s3cr3t-word",
        "postgres:///app?s3cr3t-word=1",
    ] {
        for variable in ["DATABASE_URL", "PGDATABASE"] {
            let mut command = right.driver(&["run"]);
            command.env(variable, url);
            if variable == "DATABASE_URL" || url.contains('@') {
                let ended = Running::start(command).wait().expect(2).says(&["HINT: "]);
                assert!(!ended.stderr.contains("s3cr3t"), "{}", ended.stderr);
            }
        }
    }
    let log = fs::read(Path::new(right.server.variable("PGSERVERDIR")).join("log")).expect("there is a log");
    assert!(!String::from_utf8_lossy(&log).contains("s3cr3t-word"));
}

#[test]
fn a_run_says_where_database_url_wins_over_another_host() {
    let [right, wrong] = databases();
    for (command, told) in [("run", true), ("status", false)] {
        let mut command = wrong.driver(&[command]);
        command.env("DATABASE_URL", url(&right)).env("PGHOST", "staging");
        let ended = Running::start(command).wait().expect(0);
        let warning = "rotate-driver: warning: DATABASE_URL wins over PGHOST: the server is /";
        assert_eq!(ended.stderr.contains(warning), told, "{}", ended.stderr);
    }
    let mut by_option = wrong.driver(&["run", "--url", &url(&right)]);
    by_option.env("DATABASE_URL", "postgres://elsewhere/app").env("PGHOST", "staging");
    let ended = Running::start(by_option).wait().expect(0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
}

#[test]
fn hosts_may_be_tried_in_random_order() {
    let [right, _] = databases();
    let host = right.server.variable("PGHOST");
    let random = format!("host={host},{host} load_balance_hosts=random");
    assert_right(right.driver(&["status", "--url", &random]));
    let ended = Running::start(right.driver(&["status", "--url", "load_balance_hosts=often"])).wait();
    ended.expect(2).says(&["load_balance_hosts is none of disable, random"]);
}
