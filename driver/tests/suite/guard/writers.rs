//! What applications do, statement by statement.

use std::io::Write;

use super::{guarded, held_off, leaked, live};
use crate::common::{Database, Lock, Running, wait_for_blocked};

/// Loads a ticket as an ORM does, and returns the statement that saves all of its columns.
fn load(database: &Database, id: i64) -> String {
    let values = database.one(&format!(
        "SELECT format('token = %L, created_at = %L', token, created_at - interval '1 day') FROM ticket WHERE id = {id}"
    ));
    format!("UPDATE ticket SET {values} WHERE id = {id}")
}

#[test]
fn an_object_that_was_loaded_before_the_rotation_keeps_the_live_token() {
    let database = Database::with_tickets(100);
    let save = load(&database, 7);
    database.complete(&["run", "--guard"]);
    super::keep_live(&database);
    database.execute(&save);
    assert_eq!((live(&database), held_off(&database)), (100, 1));
    assert_eq!(
        database.count("ticket WHERE created_at < now() - interval '12 hours'"),
        1,
        "the rest is stored"
    );
}

#[test]
fn a_save_that_waited_for_a_batch_keeps_the_token_that_the_batch_made() {
    let database = Database::with_tickets(100);
    let save = load(&database, 7);
    database.complete(&["guard", "on"]);
    let mut rotation = database.connect();
    rotation.batch_execute("BEGIN; SELECT rotate_ticket_tokens(NULL, 50)").expect("a batch");
    let mut psql = database.program("psql");
    psql.args(["--no-psqlrc", "--command", &save]);
    let saving = Running::start(psql);
    wait_for_blocked(&database, 1);
    rotation.batch_execute("COMMIT").expect("it commits");
    saving.wait().expect(0);
    assert_eq!(leaked(&database), 50, "those that are not rotated yet");
    assert_eq!(held_off(&database), 1);
}

#[test]
fn a_session_hears_of_a_run_that_started_while_its_save_waited() {
    let database = Database::with_tickets(100);
    database.complete(&["guard", "on"]);
    let save = load(&database, 7);
    let mut application = database.connect();
    let anew = "UPDATE ticket SET token = gen_random_uuid() WHERE id = 99";
    application.batch_execute(anew).expect("there is no run yet");
    let mut rotation = database.connect();
    rotation
        .batch_execute("BEGIN; SELECT rotate_ticket_tokens(NULL, 50)")
        .expect("a run and its first batch");
    std::thread::scope(|scope| {
        scope.spawn(|| application.batch_execute(&save).expect("it is stored"));
        wait_for_blocked(&database, 1);
        rotation.batch_execute("COMMIT").expect("it commits");
    });
    assert_eq!(database.count("ticket JOIN leaked USING (id, token) WHERE id <= 50"), 0);
}

#[test]
fn what_a_transaction_with_an_old_snapshot_has_read_is_not_remembered() {
    let database = Database::with_tickets(100);
    database.complete(&["guard", "on"]);
    let save = load(&database, 7);
    let mut application = database.connect();
    let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ticket";
    application.batch_execute(snapshot).expect("a snapshot of before the run");
    database.one("SELECT rotate_ticket_tokens(NULL, 50)");
    let anew = "UPDATE ticket SET token = gen_random_uuid() WHERE id = 99; COMMIT";
    application.batch_execute(anew).expect("it sees no run");
    application.batch_execute(&save).expect("it is stored");
    assert_eq!(database.count("ticket JOIN leaked USING (id, token) WHERE id <= 50"), 0);
}

#[test]
fn rows_of_an_old_dump_get_new_tokens_by_copy() {
    let database = guarded(100, &[]);
    database.execute("CREATE TABLE dumped AS SELECT leaked.*, created_at FROM leaked JOIN ticket USING (id)");
    database.execute("DELETE FROM ticket WHERE id <= 30");
    let mut session = database.connect();
    let mut rows = Vec::new();
    let mut reader = session.copy_out("COPY (SELECT * FROM dumped WHERE id <= 30) TO STDOUT").expect("COPY");
    std::io::copy(&mut reader, &mut rows).expect("rows");
    drop(reader);
    let mut writer = session.copy_in("COPY ticket (id, token, created_at) FROM STDIN").expect("COPY");
    writer.write_all(&rows).expect("rows");
    assert_eq!(writer.finish().expect("it is stored"), 30);
    assert_eq!((live(&database), leaked(&database), held_off(&database)), (70, 0, 30));
    assert_eq!(database.count("ticket"), 100);
}

#[test]
fn an_upsert_of_old_rows_changes_all_but_the_tokens() {
    let database = guarded(100, &[]);
    database.execute("DELETE FROM ticket WHERE id > 90");
    database.execute(
        "INSERT INTO ticket (id, token, created_at) SELECT id, token, 'epoch' FROM leaked
         ON CONFLICT (id) DO UPDATE SET token = excluded.token, created_at = excluded.created_at",
    );
    assert_eq!((live(&database), leaked(&database)), (90, 0));
    assert_eq!(database.count("ticket WHERE created_at = 'epoch'"), 100);
}

#[test]
fn a_merge_of_old_rows_changes_all_but_the_tokens() {
    let database = guarded(100, &[]);
    if !database.is_at_least(15) {
        return println!("skipped: PostgreSQL 15 brought MERGE");
    }
    database.execute("DELETE FROM ticket WHERE id > 90");
    database.execute(
        "MERGE INTO ticket USING leaked ON ticket.id = leaked.id
         WHEN MATCHED THEN UPDATE SET token = leaked.token, created_at = 'epoch'
         WHEN NOT MATCHED THEN INSERT (id, token, created_at) VALUES (leaked.id, leaked.token, 'epoch')",
    );
    assert_eq!((live(&database), leaked(&database)), (90, 0));
    assert_eq!(database.count("ticket WHERE created_at = 'epoch'"), 100);
}

#[test]
fn a_refused_write_names_the_ticket_and_no_token() {
    let database = guarded(100, &["--refuse"]);
    let save =
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7";
    let error = database.connect().batch_execute(save).expect_err("it is refused");
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "23514");
    assert_eq!(error.message(), "the token of ticket 7 of table public.ticket was retired by run 1");
    let said = format!("{error:?}");
    let tokens = database.one(
        "SELECT concat_ws(' ', ticket.token, leaked.token) FROM ticket JOIN leaked USING (id) WHERE id = 7",
    );
    tokens.split(' ').for_each(|token| assert!(!said.contains(token), "{said}"));
    let call = ".guard_ticket_tokens('public.ticket', 'token');";
    let hint = format!("SELECT {}{call}", database.edition().schema());
    assert!(error.hint().expect("a hint").contains(&hint));
    assert_eq!((live(&database), held_off(&database)), (100, 0));
}

#[test]
fn a_write_that_is_rolled_back_is_not_counted() {
    let database = guarded(100, &[]);
    database.execute(
        "BEGIN; UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id; ROLLBACK",
    );
    assert_eq!(held_off(&database), 0);
}

#[test]
fn partitions_that_are_attached_later_are_guarded() {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid()) PARTITION BY RANGE (id);
         CREATE TABLE low PARTITION OF ticket FOR VALUES FROM (0) TO (50);
         CREATE TABLE high PARTITION OF ticket FOR VALUES FROM (50) TO (1000);
         INSERT INTO ticket SELECT generate_series(1, 100); CREATE TABLE leaked AS TABLE ticket",
    );
    database.complete(&["run"]);
    database.execute("ALTER TABLE ticket DETACH PARTITION high");
    database.complete(&["guard", "on"]);
    database.execute("ALTER TABLE ticket ATTACH PARTITION high FOR VALUES FROM (50) TO (1000)");
    super::keep_live(&database);
    database.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    database.execute("UPDATE high SET token = leaked.token FROM leaked WHERE leaked.id = high.id");
    assert_eq!(live(&database), 100);
}

#[test]
fn an_old_token_is_held_off_while_another_session_holds_the_ledger() {
    let database = guarded(100, &[]);
    let _held = Lock::hold(&database, "LOCK TABLE ticket_rotation, ticket_rotation_batch IN EXCLUSIVE MODE");
    database.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    assert_eq!(live(&database), 100);
}
