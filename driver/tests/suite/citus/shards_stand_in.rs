//! What a node does with its shards, shown without Citus: a few tables of its catalog stand in for it.

use std::process::Stdio;

use crate::common::{Database, Edition, Server};

const BATCH: &str = "SELECT rotate_ticket_shard(30, 'ticket_7', 'ticket_shard_ledger_1_8')";
const STATE: &str = "SELECT check_ticket_shard('ticket_7', 'ticket_shard_ledger_1_8')";

/// The plain-SQL edition has no shards.
fn extension() -> Database<'static> {
    Database::create_with(Edition::Extension, Server::shared())
}

/// A node of this group, where shard 7 is said to be on the node of group 1.
fn node(group: i32) -> Database<'static> {
    let database = extension();
    database.execute(include_str!("shards_stand_in.sql"));
    database.execute(&format!("INSERT INTO pg_dist_local_group VALUES ({group})"));
    place(&database, 1);
    database
}

fn node_with_shard() -> Database<'static> {
    let database = node(1);
    database.execute(include_str!("shards_shard.sql"));
    database
}

fn place(database: &Database, group: i32) {
    database.execute(&format!(
        "DELETE FROM pg_dist_placement; INSERT INTO pg_dist_placement VALUES (7, 1, {group}), (8, 1, {group})"
    ));
}

/// Shard and ledger, as a move of Citus leaves them.
fn copy(from: &Database, to: &Database) {
    let mut dump = from.program("pg_dump");
    dump.args(["--table", "ticket_7", "--table", "leaked", "--table", "ticket_shard_ledger_1_8"]);
    let mut dump = dump.stdout(Stdio::piped()).spawn().expect("pg_dump runs");
    let mut restore = to.program("psql");
    restore.args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]).stdout(Stdio::null());
    let restored = restore.stdin(dump.stdout.take().expect("a pipe")).status().expect("psql runs");
    assert!(restored.success() && dump.wait().expect("it ends").success());
}

#[track_caller]
fn refused(database: &Database, sql: &str, words: &str) {
    let error = database.connect().batch_execute(sql).expect_err("it is refused");
    let said = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    assert!(said.contains(words), "{said}");
}

fn rotate(database: &Database) {
    while !database.one(BATCH).is_empty() {}
}

fn assert_verified(database: &Database) {
    assert_eq!(database.one(STATE), "finished");
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation('ticket_7')"), "true");
    assert_eq!(database.one("SELECT tickets_rotated FROM verify_ticket_rotation('ticket_7')"), "100");
    assert_eq!(database.count("ticket_7 JOIN leaked USING (id, token)"), 0);
}

#[test]
fn the_ledger_of_a_shard_has_what_the_rotation_tables_have() {
    let database = node_with_shard();
    database.one(BATCH);
    let batches = "SELECT sweep, last_id, keys, digests FROM ticket_rotation_batch";
    let kept = "SELECT sweep, last_id, keys, digests FROM ticket_shard_ledger_1_8 WHERE sweep >= 0";
    for _ in 0..4 {
        assert_eq!(database.count(&format!("(({batches}) EXCEPT ({kept})) AS missing")), 0);
        database.one(BATCH);
    }
    assert_eq!(database.count("ticket_shard_ledger_1_8 WHERE sweep >= 0"), 4);
    assert_verified(&database);
}

#[test]
fn a_shard_that_has_left_is_not_rotated() {
    let database = node_with_shard();
    database.one(BATCH);
    place(&database, 2);
    refused(&database, BATCH, "is not on this node");
    refused(&database, STATE, "is not on this node");
    assert_eq!(database.count("ticket_rotation_batch"), 1);
}

#[test]
fn a_batch_waits_for_a_move_and_looks_then_where_the_shard_is() {
    let database = node_with_shard();
    let mut moving = database.connect();
    moving
        .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(7); UPDATE pg_dist_placement SET groupid = 2")
        .unwrap();
    let batch = std::thread::scope(|scope| {
        let batch = scope.spawn(|| database.connect().batch_execute(BATCH));
        crate::common::wait_for_blocked(&database, 1);
        moving.batch_execute("COMMIT").expect("it commits");
        batch.join().expect("it ends")
    });
    let said = batch.expect_err("it is refused").as_db_error().expect("by the server").message().to_owned();
    assert!(said.contains("is not on this node"), "{said}");
    assert_eq!(database.count("ticket_7 JOIN leaked USING (id, token)"), 100);
}

#[test]
fn the_next_node_goes_on_where_the_last_one_was() {
    let (first, second) = (node_with_shard(), node(2));
    first.one(BATCH);
    first.one(BATCH);
    copy(&first, &second);
    place(&second, 2);
    rotate(&second);
    assert_verified(&second);
    assert_eq!(second.count("ticket_rotation_batch"), 4);
    let batches = "SELECT sum(tickets) FROM ticket_rotation_batch";
    assert_eq!([first.one(batches), second.one(batches)], ["60", "100"]);
    assert_eq!(first.count("ticket_7 JOIN leaked USING (id, token)"), 40, "the orphan");
}

#[test]
fn a_run_that_has_finished_can_be_verified_on_the_next_node() {
    let (first, second) = (node_with_shard(), node(2));
    rotate(&first);
    copy(&first, &second);
    place(&second, 2);
    assert_verified(&second);
    second.execute(
        "UPDATE ticket_7 SET token = leaked.token FROM leaked WHERE ticket_7.id = 9 AND leaked.id = 9",
    );
    assert_eq!(second.one("SELECT old_token_keys FROM verify_ticket_rotation('ticket_7')"), "{9}");
}

#[test]
fn what_went_past_the_ledger_keeps_a_shard_from_being_rotated() {
    let database = node_with_shard();
    database.one(BATCH);
    database.execute("DELETE FROM ticket_shard_ledger_1_8 WHERE sweep = 0");
    database.execute("UPDATE ticket_shard_ledger_1_8 SET record = record || '{\"batches\": 0}'");
    refused(&database, BATCH, "differ");
    refused(&database, STATE, "differ");
}

#[test]
fn a_shard_is_not_rotated_by_hand() {
    let database = node_with_shard();
    refused(
        &database,
        "SELECT rotate_ticket_tokens(NULL, 10, 'ticket_7')",
        "is a shard of a distributed table",
    );
    refused(&database, "SELECT start_ticket_rotation('ticket_7')", "is a shard of a distributed table");
    database.one(BATCH);
    refused(
        &database,
        "SELECT rotate_ticket_tokens(NULL, 10, 'ticket_7')",
        "is a shard of a distributed table",
    );
}

#[test]
fn what_is_no_shard_or_has_no_ledger_is_refused() {
    let database = node_with_shard();
    refused(&database, "SELECT rotate_ticket_shard(1, 'leaked', 'ticket_shard_ledger_1_8')", "is no shard");
    refused(&database, "SELECT rotate_ticket_shard(1, 'ticket_7', 'leaked')", "has no such ledger");
    database.execute("INSERT INTO pg_dist_placement VALUES (7, 1, 2)");
    refused(&database, BATCH, "is on several nodes");
    let plain = extension();
    plain.make_tickets(1);
    refused(&plain, "SELECT rotate_ticket_shard(1, 'ticket', 'ticket')", "has no Citus");
}

#[test]
fn a_shard_without_a_plan_is_refused() {
    let database = node_with_shard();
    database.execute("DELETE FROM ticket_shard_ledger_1_8");
    refused(&database, BATCH, "no run was planned");
}

#[test]
fn a_shard_without_tickets_has_ended() {
    let database = node_with_shard();
    database.execute("DELETE FROM ticket_7");
    assert_eq!(database.one(BATCH), "");
    assert_eq!(database.one(STATE), "empty");
}

#[test]
fn a_run_of_the_whole_table_is_refused_beside_one_of_its_shards() {
    let database = extension();
    database.make_tickets(1);
    database.execute(include_str!("stand_in.sql"));
    database.execute(
        "INSERT INTO ticket_rotation_shards (run, target, token_column, ledger, shards)
         VALUES (1, 'ticket', 'token', 'ticket_shard_ledger_1', '{7}')",
    );
    refused(&database, "SELECT start_ticket_rotation('ticket')", "that rotates each shard by itself");
    database.execute("UPDATE ticket_rotation_shards SET finished_at = now()");
    database.one("SELECT start_ticket_rotation('ticket')");
}
