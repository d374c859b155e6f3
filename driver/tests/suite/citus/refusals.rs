//! What cannot be had is refused before anything is changed.

use super::cluster::{Cluster, make_tickets};
use crate::common::{Database, Edition};

const MADE: &str = "00000000-0000-4000-8000-000000000001";

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
        &database,
        "SELECT start_ticket_rotation('ticket', 'token', format => 'function:gen_random_uuid')",
        "22023",
        "format \"function:gen_random_uuid\" does not serve: a function would be called by other nodes, in a table \
         that Citus keeps",
    );
    let worker = Database::of_tests(&cluster.workers[0], "postgres");
    if Edition::of_tests() == Edition::Plain {
        worker.complete(&["setup"]);
    }
    let shard = cluster.shard();
    for (table, code, message) in [
        (
            "ticket",
            "55000",
            "table public.ticket is rotated from the coordinator of its Citus cluster".to_owned(),
        ),
        (&shard, "0A000", format!("table public.{shard} is a shard of a distributed table")),
    ] {
        let call = format!("{}.rotate_ticket_tokens(NULL, 10, '{table}')", Edition::of_tests().schema());
        let sql = format!("SET citus.override_table_visibility = off; SELECT {call}");
        assert_refused(&worker, &sql, code, &message);
    }
    assert_eq!(database.count("ticket_rotation"), 0);
}

#[test]
fn two_tickets_that_nothing_tells_apart_are_refused() {
    let Some(cluster) = Cluster::start("citus_alike") else { return };
    let database = cluster.database();
    database.execute(&format!(
        "CREATE TABLE ticket (tenant integer, id bigint NOT NULL, token uuid, PRIMARY KEY (tenant, id));
         CREATE INDEX ON ticket (id);
         SELECT create_distributed_table('ticket', 'tenant', shard_count => 4);
         INSERT INTO ticket SELECT tenant, 7, '{MADE}' FROM generate_series(1, 2) AS tenant;
         SELECT start_ticket_rotation(key_column => 'id')"
    ));
    assert_refused(
        &database,
        "SELECT rotate_ticket_tokens(NULL, 10)",
        "21000",
        "tickets of table public.ticket with the key 7 have the same token",
    );
    assert_eq!(database.count(&format!("ticket WHERE token = '{MADE}'")), 2);
}

#[test]
fn the_row_that_a_shard_quotes_for_a_violated_constraint_is_withheld() {
    let Some(cluster) = Cluster::start("citus_violated") else { return };
    let database = cluster.database();
    make_tickets(&database, 10);
    database.execute("SELECT start_ticket_rotation()");
    database.execute("ALTER TABLE ticket ADD CONSTRAINT none_is_new CHECK (token IS NULL) NOT VALID");
    let call = "SELECT rotate_ticket_tokens(NULL, 10)";
    let error = database.connect().batch_execute(call).expect_err("no new token satisfies it");
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "23514");
    let detail = "The row is withheld, because it holds tokens. The batch is rolled back.";
    assert_eq!(error.detail(), Some(detail));
}
