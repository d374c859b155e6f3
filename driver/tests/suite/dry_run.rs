//! `run --dry-run`: what a run would meet, and nothing changed.

use serde_json::Value;

use crate::common::{Database, Running, rotator};

fn nothing_changed(database: &Database, tickets: i64, runs: i64) {
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), tickets);
    assert_eq!(database.count("ticket_rotation"), runs);
}

#[test]
fn a_batch_is_rotated_and_rolled_back_and_its_cost_told() {
    let database = Database::with_tickets(4000);
    let ended = database.complete(&["run", "--dry-run", "--guard", "--batch", "100"]).says(&[
        "rotating public.ticket (token), 4,000 tickets, in ",
        "dry run: a batch of 100 tickets took ",
        " bytes a ticket, and was rolled back\n",
        "dry run: at that pace one connection would take ",
        " for 4,000 tickets and write about ",
    ]);
    assert_eq!(ended.stdout, "");
    nothing_changed(&database, 4000, 0);
    assert_eq!(database.count("pg_trigger WHERE NOT tgisinternal"), 0);
}

#[test]
fn a_run_that_was_interrupted_goes_on_from_where_it_is_and_a_finished_one_has_nothing_left() {
    let database = Database::with_tickets(1000);
    database.one("SELECT rotate_ticket_tokens(NULL, 600)");
    database.complete(&["run", "--dry-run", "--batch", "100"]).says(&[" for 400 tickets"]);
    nothing_changed(&database, 400, 1);
    database.complete(&["run"]);
    database.complete(&["run", "--dry-run"]).says(&["dry run: there is nothing to rotate"]);
    database.complete(&["run", "--dry-run", "--new"]).says(&[" for 1,000 tickets"]);
    nothing_changed(&database, 0, 1);
}

#[test]
fn an_event_has_the_figures_also_where_the_server_does_not_tell_of_its_wal() {
    let database = Database::with_tickets(1000);
    let role = rotator(&database, "public.ticket");
    let event = |role: &str| -> Value {
        let mut command = database.driver(&["run", "--dry-run", "--progress", "json", "--batch", "100"]);
        command.env("PGUSER", role);
        let ended = Running::start(command).wait().expect(0);
        serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON")
    };
    let told = event(&role);
    assert_eq!(
        (&told["event"], &told["batch_tickets"], &told["run_tickets"]),
        (&"dry_run".into(), &100.into(), &1000.into())
    );
    assert!(
        told["batch_wal_bytes"].as_i64() > Some(1000) && told["run_seconds"].as_f64() > Some(0.0),
        "{told}"
    );
    database.administrator().execute("REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn() FROM PUBLIC");
    let silent = event(&role);
    assert_eq!((&silent["batch_tickets"], &silent["batch_wal_bytes"]), (&100.into(), &Value::Null));
    nothing_changed(&database, 1000, 0);
}

#[test]
fn what_a_run_would_be_refused_for_is_found() {
    let database = Database::with_tickets(100);
    database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
         CREATE TRIGGER refuse BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    database.end(&["run", "--dry-run"], 1).says(&["ERROR P0001"]);
    nothing_changed(&database, 100, 0);
}
