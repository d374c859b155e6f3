//! What cannot be had is refused before anything is changed.

use super::cluster::{Cluster, make_tickets};
use crate::common::Database;

#[track_caller]
fn assert_refused(database: &Database, sql: &str, code: &str, message: &str) {
    let error = database.connect().batch_execute(sql).expect_err(sql);
    let error = error.as_db_error().unwrap();
    assert_eq!((error.code().code(), error.message()), (code, message), "{sql}");
    assert!(error.hint().is_some() && error.detail().is_some());
}

#[test]
fn what_does_not_commit_at_once_or_cannot_be_seen_is_refused() {
    let Some(cluster) = Cluster::start("citus_refused") else { return };
    let database = cluster.database();
    make_tickets(&database, 10);
    for (table, how) in [
        ("alone", "'alone', NULL"),
        ("appended", "'appended', 'id', 'range'"),
        ("watched", "'watched', 'id'"),
    ] {
        database.execute(&format!("CREATE TABLE {table} (LIKE ticket INCLUDING ALL)"));
        database.execute(&format!("SELECT create_distributed_table({how})"));
    }
    database.execute("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
    let mut session = database.connect();
    session.batch_execute("SET citus.enable_unsafe_triggers = on").unwrap();
    session
        .batch_execute(
            "CREATE TRIGGER watch BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
        .unwrap();
    for (table, fault) in [
        ("alone", "its only shard is on another node"),
        ("appended", "it is not distributed by hash"),
        ("watched", "triggers fire on its updates"),
    ] {
        let message = format!("table public.{table} cannot be rotated through Citus: {fault}");
        for call in ["start_ticket_rotation('{}')", "rotate_ticket_tokens(NULL, 10, '{}')"] {
            assert_refused(&database, &format!("SELECT {}", call.replace("{}", table)), "0A000", &message);
        }
    }
    assert_refused(
        &database,
        "SELECT guard_ticket_tokens('ticket')",
        "0A000",
        "table public.ticket is kept by Citus and cannot be guarded",
    );
    assert_refused(
        &cluster.on_worker(0),
        "SELECT rotate_ticket_tokens(NULL, 10, 'ticket')",
        "55000",
        "table public.ticket is rotated from the coordinator of its Citus cluster",
    );
    assert_eq!(database.count("ticket_rotation"), 0);
}
