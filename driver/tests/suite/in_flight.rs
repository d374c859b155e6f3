//! Tickets that an open transaction inserted before the run, and that are committed behind its batches.

use std::thread;

use crate::common::Database;

/// A table with gaps: every id from 2 to 200 is even.
fn create() -> Database<'static> {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid(), note text);
         INSERT INTO ticket SELECT g * 2 FROM generate_series(1, 100) AS g",
    );
    database
}

/// Every batch, but not yet the call that finishes the run.
fn rotate_batches(database: &Database) {
    for last_id in ["60", "120", "180", "200"] {
        assert_eq!(database.one("rotate_ticket_tokens(NULL, 30)"), last_id);
    }
    assert_eq!(database.one("SELECT state FROM batch_progress"), "active");
}

/// Calls until the run is finished, while `commit` ends the transaction that it waits for.
fn finish_while(database: &Database, commit: impl FnOnce()) {
    thread::scope(|scope| {
        let finishing = scope.spawn(|| database.one("rotate_ticket_tokens(NULL, 30)"));
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        while database.count(waiting) == 0 {
            assert!(
                !finishing.is_finished(),
                "the run finished although an older transaction writes to the table"
            );
        }
        commit();
        assert_eq!(finishing.join().expect("the call succeeds"), "");
    });
    assert_eq!(database.one("SELECT state FROM batch_progress"), "finished");
}

fn token(database: &Database, id: i64) -> String {
    database.one(&format!("SELECT token FROM ticket WHERE id = {id}"))
}

fn swept(database: &Database) -> String {
    database.one("SELECT tickets FROM ticket_rotation_batch WHERE sweep")
}

#[test]
fn a_ticket_committed_behind_its_batch_is_swept_up() {
    let database = create();
    let mut writer = database.connect();
    writer
        .batch_execute(
            "BEGIN; INSERT INTO ticket (id) VALUES (5); SAVEPOINT s; INSERT INTO ticket (id) VALUES (7)",
        )
        .unwrap();
    let leaked: String = writer
        .query_one("SELECT string_agg(token::text, ',') FROM ticket WHERE id IN (5, 7)", &[])
        .unwrap()
        .get(0);
    rotate_batches(&database);
    finish_while(&database, || writer.batch_execute("COMMIT").unwrap());
    assert_eq!(swept(&database), "2");
    assert!(!leaked.contains(&token(&database, 5)) && !leaked.contains(&token(&database, 7)));
    assert_eq!(database.one("SELECT tickets_done FROM batch_progress"), "102");
}

#[test]
fn a_ticket_in_flight_that_the_application_updates_is_swept_up_too() {
    let database = create();
    let mut writer = database.connect();
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (5), (195)").unwrap();
    assert_eq!(database.one("rotate_ticket_tokens(NULL, 90)"), "180");
    // Nothing but a ticket in flight is left in the interval of the last batch.
    database.execute("DELETE FROM ticket WHERE id > 180");
    let token_of_writer = |writer: &mut postgres::Client, id: i64| -> String {
        writer.query_one("SELECT token::text FROM ticket WHERE id = $1", &[&id]).unwrap().get(0)
    };
    let leaked = [5, 195].map(|id| token_of_writer(&mut writer, id));
    finish_while(&database, || {
        writer.batch_execute("COMMIT; UPDATE ticket SET note = 'seen' WHERE id IN (5, 195)").unwrap();
    });
    assert_eq!(swept(&database), "2");
    assert_ne!([5, 195].map(|id| token(&database, id)), leaked);
}

#[test]
fn a_rotated_ticket_that_an_older_transaction_rewrites_is_not_rotated_again() {
    let database = create();
    let mut writer = database.connect();
    writer
        .batch_execute(
            "BEGIN; UPDATE ticket SET note = 'seen' WHERE false; INSERT INTO ticket (id) VALUES (201)",
        )
        .unwrap();
    rotate_batches(&database);
    let mailed = token(&database, 10);
    writer.batch_execute("UPDATE ticket SET note = 'seen' WHERE id = 10").unwrap();
    finish_while(&database, || writer.batch_execute("COMMIT").unwrap());
    assert_eq!(swept(&database), "0");
    assert_eq!(token(&database, 10), mailed);
}

#[test]
fn an_old_token_that_an_older_transaction_writes_back_is_rotated_again() {
    let database = create();
    let mut writer = database.connect();
    let leaked = token(&database, 10);
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (201)").unwrap();
    rotate_batches(&database);
    writer.batch_execute(&format!("UPDATE ticket SET token = '{leaked}' WHERE id = 10")).unwrap();
    finish_while(&database, || writer.batch_execute("COMMIT").unwrap());
    assert_eq!(swept(&database), "1");
    assert_ne!(token(&database, 10), leaked);
}

#[test]
fn a_prepared_transaction_is_waited_for() {
    let database = create();
    let mut writer = database.connect();
    writer
        .batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (5); PREPARE TRANSACTION 'in_flight'")
        .unwrap();
    rotate_batches(&database);
    finish_while(&database, || writer.batch_execute("COMMIT PREPARED 'in_flight'").unwrap());
    assert_eq!(swept(&database), "1");
}

#[test]
fn the_wait_is_bounded_and_the_error_names_the_writer() {
    let database = create();
    let mut writer = database.connect();
    let process: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (5)").unwrap();
    rotate_batches(&database);
    let error = database.connect().query_one("SELECT rotate_ticket_tokens(NULL, 30)", &[]).unwrap_err();
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "55P03");
    assert!(error.hint().unwrap_or_default().contains(&format!("pg_terminate_backend({process})")));
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(database.one("rotate_ticket_tokens(NULL, 30)"), "");
    assert_eq!(swept(&database), "1");
}

#[test]
fn the_driver_says_what_the_run_waits_for_and_nothing_of_what_triggers_say() {
    let database = create();
    database.execute(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE WARNING ''%'', NEW.token; RETURN NULL; END';
         CREATE TRIGGER tell AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION tell()",
    );
    let mut writer = database.connect();
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (5)").unwrap();
    let running = database.start(&["run"]);
    running.wait_for_stderr("rotate-driver: NOTICE: run 1 waits for 1 transaction(s) older than it");
    writer.batch_execute("COMMIT").unwrap();
    let ended = running.wait().expect(0);
    assert!(!ended.stderr.contains("WARNING"), "{}", ended.stderr);
}

#[test]
fn a_younger_writer_is_not_waited_for() {
    let database = create();
    assert_eq!(database.one("rotate_ticket_tokens(NULL, 30)"), "60");
    let mut writer = database.connect();
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (5)").unwrap();
    while !database.one("rotate_ticket_tokens(NULL, 30)").is_empty() {}
    assert_eq!(database.one("SELECT state FROM batch_progress"), "finished");
    writer.batch_execute("ROLLBACK").unwrap();
}
