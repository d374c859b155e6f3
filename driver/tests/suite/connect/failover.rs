//! Several servers, of which one may be written to; and one name behind which they change.

use crate::common::{Database, Running, Server, Switch, TRYING, Way, oracle, poll, terminate};

fn hosts(servers: [&Server; 2]) -> String {
    servers.map(|server| server.variable("PGHOST")).join(",")
}

fn drive(database: &Database, servers: [&Server; 2], arguments: &[&str]) -> Running {
    let mut command = database.driver(arguments);
    command.env("PGHOST", hosts(servers));
    Running::start(command)
}

/// A primary with tickets and a standby that has them as well.
fn pair(names: [&str; 2]) -> (Server, Server, String) {
    let primary = Server::start(names[0], &["fsync=off"]);
    let standby = primary.standby(names[1], &["fsync=off"]);
    let database = Database::create_on(&primary);
    database.make_tickets(5000);
    oracle::watch(&database);
    database.slow_down(5);
    let written = database.one("SELECT pg_current_wal_lsn()");
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
    poll("the standby", || Database::named(&standby, "postgres").one(&replayed) == "true");
    let name = database.name;
    (primary, standby, name)
}

fn wait_for_batches(database: &Database) {
    poll("some batches", || database.count("ticket_rotation_batch") >= 10);
}

#[test]
fn of_several_hosts_a_run_takes_the_primary_and_status_any() {
    let (primary, standby, name) = pair(["first", "second"]);
    let database = Database::named(&primary, &name);
    drive(&database, [&standby, &primary], &["run", "--batch", "500"]).wait().expect(0);
    oracle::assert_rotated_once(&database);
    for (attrs, code) in [
        ("any", 0),
        ("prefer-standby", 0),
        ("standby", 0),
        ("read-only", 0),
        ("primary", 1),
        ("read-write", 1),
    ] {
        let mut command = Database::named(&standby, &name).driver(&["status"]);
        command.env("PGTARGETSESSIONATTRS", attrs);
        let ended = Running::start(command).wait().expect(code);
        assert_eq!(
            ended.stderr.contains(&format!("asks for, which is {attrs}")),
            code == 1,
            "{}",
            ended.stderr
        );
    }
    let told = format!(
        "host={} target_session_attrs=standby load_balance_hosts=random",
        hosts([&primary, &standby])
    );
    let ended = Running::start(database.driver(&["--url", &told, "run", "--new"])).wait().expect(1);
    ended.says(&["25006: cannot rotate tokens on a standby"]);
}

#[test]
fn a_run_follows_a_promotion_in_either_order_of_the_hosts() {
    for (names, old_one_first) in [(["old", "new"], true), (["before", "after"], false)] {
        let (old, new, name) = pair(names);
        let database = Database::named(&old, &name);
        let order = if old_one_first { [&old, &new] } else { [&new, &old] };
        let running = drive(&database, order, &["run", "--batch", "20"]);
        wait_for_batches(&database);
        old.stop("fast");
        old.write("standby.signal", "");
        old.start_again();
        new.promote();
        running.wait().expect(0).says(&[TRYING]);
        oracle::assert_rotated_once(&Database::named(&new, &name));
    }
}

#[test]
fn a_standby_in_the_place_of_the_primary_is_waited_out() {
    let (primary, standby, name) = pair(["writer", "reader"]);
    let database = Database::named(&primary, &name);
    let switch = Switch::set_to(Way::to(&primary));
    let running = start_behind(&switch, &database);
    wait_for_batches(&database);
    switch.turn(Way::to(&standby));
    terminate(&database);
    running.wait_for_stderr("ERROR 25006: ");
    running.wait_for_last_stderr_line(TRYING);
    switch.turn(Way::to(&primary));
    running.wait().expect(0);
    oracle::assert_rotated_once(&database);
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
    wait_for_batches(&database);
    switch.turn(Way::TurnAway);
    terminate(&database);
    running.wait_for_stderr(&format!("{refused}{TRYING}"));
    switch.turn(Way::to(database.server));
    running.wait().expect(0);
    oracle::assert_rotated_once(&database);
}

fn start_behind(switch: &Switch, database: &Database) -> Running {
    let mut command = database.driver(&["run", "--batch", "20"]);
    switch.set_variables(&mut command);
    Running::start(command)
}
