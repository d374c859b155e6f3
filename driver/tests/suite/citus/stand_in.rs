//! Without Citus: its catalog is stood in for, and the table is one of this server.

use std::thread;

use crate::common::{Database, wait_for_blocked};

const STAND_IN: &str = include_str!("stand_in.sql");
const MADE: &str = "00000000-0000-4000-8000-000000000001";

fn stand_in(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    database.administrator().execute(STAND_IN);
    database
}

#[test]
fn a_table_that_citus_keeps_is_rotated_by_compare_and_swap() {
    let database = stand_in(1000);
    database.complete(&["run", "--batch", "150", "--workers", "2", "--verify"]);
    let entries = "FROM ticket_rotation_batch, unnest(keys, digests) AS e (key, digest)";
    let retired = format!(
        "leaked JOIN (SELECT key, digest {entries}) AS e ON key = id AND digest = ticket_token_digest(token)"
    );
    assert_eq!(database.count(&retired), 1000);
    assert_eq!(database.one(&format!("SELECT count(*) {entries}")), "1000");
    assert_eq!(database.count("leaked JOIN ticket USING (id, token)"), 0);
}

#[test]
fn the_new_uuids_of_a_batch_have_digits_in_common_there_too() {
    let database = stand_in(1000);
    database.one("start_ticket_rotation(ranges => 1)");
    database.execute("UPDATE ticket_rotation SET tickets_planned = 200000000");
    while !database.one("rotate_ticket_tokens(NULL, 200)").is_empty() {}
    let of_batches =
        "SELECT count(DISTINCT left(token::text, 4)) AS first, count(DISTINCT right(token::text, 4)) AS last
         FROM ticket_rotation_batch JOIN ticket ON id BETWEEN first_id AND last_id
         WHERE sweep = 0 GROUP BY last_id";
    assert_eq!(database.count(&format!("({of_batches}) AS batch WHERE first = 1 AND last > 100")), 5);
}

#[test]
fn a_batch_may_take_longer_where_each_has_rounds_to_other_nodes() {
    let database = stand_in(4000);
    // A thousand tickets take 120 ms.
    database.execute(
        "CREATE FUNCTION rest() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.06); RETURN true; END';
         ALTER TABLE ticket ADD CHECK (id % 500 <> 0 OR rest()) NOT VALID",
    );
    database.complete(&["run", "--workers", "1"]);
    assert_eq!(database.one("SELECT max(tickets) > 1000 FROM ticket_rotation_batch"), "true");
    database.complete(&["run", "--new", "--workers", "1", "--batch-time", "40ms"]);
    let sizes = "SELECT max(tickets) <= 1000 FROM ticket_rotation_batch WHERE run_id = 2";
    assert_eq!(database.one(sizes), "true", "what was asked for stays");
}

#[test]
fn a_ticket_that_changes_meanwhile_is_locked_and_read_again() {
    let database = stand_in(100);
    let mut application = database.connect();
    application.batch_execute(&format!("BEGIN; UPDATE ticket SET token = '{MADE}' WHERE id = 5")).unwrap();
    thread::scope(|scope| {
        let batch = scope.spawn(|| database.one("SELECT rotate_ticket_tokens(NULL, 50)"));
        wait_for_blocked(&database, 1);
        application.batch_execute("COMMIT").unwrap();
        assert_eq!(batch.join().unwrap(), "50");
    });
    let entry =
        "SELECT digest FROM ticket_rotation_batch, unnest(keys, digests) AS e (key, digest) WHERE key = 5";
    let retired = format!("SELECT ticket_token_digest('{MADE}'::uuid)");
    assert_eq!(database.one(entry), database.one(&retired));
    assert_eq!(database.count(&format!("ticket WHERE token = '{MADE}'")), 0);
}

#[test]
fn kinds_that_cannot_be_rotated_are_told_by_the_catalog() {
    let database = stand_in(10);
    let role = &database.role;
    for (change, message) in [
        (
            "UPDATE pg_dist_partition SET partmethod = 'r'",
            "cannot be rotated through Citus: it is not distributed by hash",
        ),
        (
            "UPDATE pg_dist_partition SET repmodel = 'c'",
            "cannot be rotated through Citus: its shards are replicated by statements",
        ),
        (
            "DELETE FROM pg_dist_placement WHERE shardid = 102009",
            "cannot be rotated through Citus: its only shard is on another node",
        ),
        (
            "UPDATE pg_dist_local_group SET groupid = 1",
            "is rotated from the coordinator of its Citus cluster",
        ),
    ] {
        let call = "SELECT start_ticket_rotation()";
        let sql =
            format!("BEGIN; SET LOCAL allow_system_table_mods = on; {change}; SET LOCAL ROLE {role}; {call}");
        let error = database.administrator().connect().batch_execute(&sql).expect_err(change);
        let said = error.as_db_error().unwrap().message().to_owned();
        assert_eq!(said, format!("table public.ticket {message}"), "{change}");
    }
    assert_eq!(database.count("ticket_rotation"), 0);
    assert_eq!(database.count("leaked JOIN ticket USING (id, token)"), 10);
}
