//! Applications that write to the shards beside a batch.

use std::thread;
use std::time::Duration;

use super::cluster::{Cluster, assert_rotated_once, make_tickets};
use crate::common::poll;

const ENTRY: &str =
    "SELECT digest FROM ticket_rotation_batch, unnest(keys, digests) AS e (key, digest) WHERE key = ";
const MADE: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn what_is_changed_between_look_and_update_is_retired_as_it_is_then() {
    let Some(cluster) = Cluster::start("citus_between") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    database.execute("SELECT start_ticket_rotation()");
    let mut application = database.connect();
    application
        .batch_execute(&format!(
            "BEGIN; UPDATE ticket SET token = '{MADE}' WHERE id = 5; DELETE FROM ticket WHERE id = 6"
        ))
        .unwrap();
    thread::scope(|scope| {
        let batch = scope.spawn(|| database.one("SELECT rotate_ticket_tokens(NULL, 50)"));
        poll("a batch waits", || {
            let waiting = "SELECT count(*) FROM citus_lock_waits";
            database.administrator().one(waiting) != "0"
        });
        application.batch_execute("COMMIT").unwrap();
        assert_eq!(batch.join().unwrap(), "50");
    });
    assert_eq!(
        database.one(&format!("{ENTRY} 5")),
        database.one(&format!("SELECT ticket_token_digest('{MADE}'::uuid)"))
    );
    assert_eq!(database.one(&format!("SELECT count(*) FROM ({ENTRY} 6) AS entry")), "0");
    assert_eq!(database.count(&format!("ticket WHERE token = '{MADE}'")), 0);
    while !database.one("SELECT rotate_ticket_tokens(NULL, 50)").is_empty() {}
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn an_old_token_that_comes_back_is_swept() {
    let Some(cluster) = Cluster::start("citus_back") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    while database.one("SELECT rotate_ticket_tokens(NULL, 50)") != "100" {}
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM (SELECT * FROM leaked WHERE id = 7 OFFSET 0) AS leaked
                      WHERE ticket.id = leaked.id",
    );
    assert_eq!(database.one("SELECT old_token_keys FROM verify_ticket_rotation()"), "{7}");
    while !database.one("SELECT rotate_ticket_tokens(NULL, 50)").is_empty() {}
    let evidence = "SELECT verified, tickets_swept FROM verify_ticket_rotation()";
    assert_eq!(database.one(&format!("SELECT e FROM ({evidence}) AS e")), "(t,1)");
    assert_eq!(database.count("leaked JOIN ticket USING (id, token)"), 0);
}

#[test]
fn what_was_in_flight_at_the_start_is_waited_for_and_rotated() {
    let Some(cluster) = Cluster::start("citus_flight") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    let mut application = database.connect();
    application
        .batch_execute("BEGIN; INSERT INTO ticket (token) VALUES ('00000000-0000-4000-8000-000000000002')")
        .unwrap();
    database.execute("SELECT start_ticket_rotation()");
    database.execute("INSERT INTO leaked VALUES (101, '00000000-0000-4000-8000-000000000002')");
    while database.one("SELECT count(*) FROM ticket_rotation_range WHERE rotated_at IS NULL") != "0" {
        database.one("SELECT rotate_ticket_tokens(NULL, 50)");
    }
    let error = database.connect().batch_execute("SELECT rotate_ticket_tokens(NULL, 50)").unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "55P03");
    let detail = error.detail().unwrap();
    assert!(detail.contains("idle in transaction") && detail.contains(" on /tmp/"), "{detail}");
    application.batch_execute("COMMIT").unwrap();
    while !database.one("SELECT rotate_ticket_tokens(NULL, 50)").is_empty() {}
    assert_rotated_once(&database);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn a_prepared_transaction_on_a_worker_is_waited_for() {
    let Some(cluster) = Cluster::start("citus_prepared") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    let shard = cluster.shard();
    let worker = cluster.on_worker(0);
    let mut session = worker.connect();
    let hold = format!(
        "BEGIN; INSERT INTO {shard} SELECT * FROM {shard} WHERE false; UPDATE {shard} SET owner = 1
                        WHERE id = (SELECT min(id) FROM {shard}); PREPARE TRANSACTION 'in doubt'"
    );
    database.execute("SELECT start_ticket_rotation()");
    while database.one("SELECT count(*) FROM ticket_rotation_range WHERE rotated_at IS NULL") != "0" {
        database.one("SELECT rotate_ticket_tokens(NULL, 50)");
    }
    session.batch_execute(&hold).unwrap();
    let error = database.connect().batch_execute("SELECT rotate_ticket_tokens(NULL, 50)").unwrap_err();
    let error = error.as_db_error().unwrap();
    assert!(error.detail().unwrap().contains("prepared transaction 'in doubt'"), "{error:?}");
    assert_eq!(
        error.hint().unwrap(),
        "Wait and call again, or end it: SELECT recover_prepared_transactions();"
    );
    worker.execute("ROLLBACK PREPARED 'in doubt'");
    while !database.one("SELECT rotate_ticket_tokens(NULL, 50)").is_empty() {}
    assert_rotated_once(&database);
}

#[test]
fn what_a_node_has_yet_to_commit_is_no_old_token() {
    let Some(cluster) = Cluster::start("citus_doubt") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    while !database.one("SELECT rotate_ticket_tokens(NULL, 100)").is_empty() {}
    let shard = cluster.shard();
    let worker = cluster.on_worker(0);
    let id = worker.one(&format!("SELECT min(id) FROM {shard}"));
    let old = database.one(&format!("SELECT token FROM leaked WHERE id = {id}"));
    worker.execute(&format!("UPDATE {shard} SET token = '{old}' WHERE id = {id}"));
    let new = format!("UPDATE {shard} SET token = '{MADE}' WHERE id = {id}");
    worker.execute(&format!("BEGIN; {new}; PREPARE TRANSACTION 'on its way'"));
    let error = database.connect().batch_execute("SELECT * FROM verify_ticket_rotation()").unwrap_err();
    assert_eq!(error.as_db_error().unwrap().code().code(), "55P03");
    thread::scope(|scope| {
        let verified = scope.spawn(|| database.one("SELECT verified FROM verify_ticket_rotation()"));
        thread::sleep(Duration::from_millis(500));
        worker.execute("COMMIT PREPARED 'on its way'");
        assert_eq!(verified.join().unwrap(), "true");
    });
}
