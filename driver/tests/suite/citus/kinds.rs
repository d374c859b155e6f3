//! Kinds of tables and columns.

use std::fs;

use super::cluster::{Cluster, assert_rotated_once, make_tickets};
use crate::common::{Edition, poll};

/// A table, how Citus is to keep it, and the format of its tokens.
const TABLES: [(&str, &str, &str); 6] = [
    ("id bigint PRIMARY KEY, token uuid", "create_reference_table('t')", "uuid"),
    ("id integer PRIMARY KEY, token uuid UNIQUE", "citus_add_local_table_to_metadata('t')", "uuid"),
    (
        "tenant integer, id bigint NOT NULL, token text, PRIMARY KEY (tenant, id)",
        "create_distributed_table('t', 'tenant', shard_count => 4)",
        "sk_{base62:24}",
    ),
    (
        "id bigint PRIMARY KEY, token varchar(36)",
        "create_distributed_table('t', 'id', shard_count => 3)",
        "uuid",
    ),
    (
        "id bigint PRIMARY KEY, token bytea",
        "create_distributed_table('t', 'id', shard_count => 3)",
        "{bytes:20}",
    ),
    ("id uuid PRIMARY KEY, token uuid", "create_distributed_table('t', 'id', shard_count => 3)", "uuid"),
];

#[test]
fn every_kind_of_table_is_rotated_and_verified() {
    let Some(cluster) = Cluster::start("citus_kinds") else { return };
    let database = cluster.database();
    for (columns, kept, format) in TABLES {
        let key = if columns.contains("id uuid") { "gen_random_uuid()" } else { "n" };
        let tenant = columns.contains("tenant");
        let token = match (columns.contains("bytea"), columns.contains("text")) {
            (true, _) => "sha256(n::text::bytea)",
            (_, true) => "md5(n::text)",
            _ => "gen_random_uuid()",
        };
        let (names, values) = if tenant { ("tenant, ", "n % 7, ") } else { ("", "") };
        database.execute(&format!(
            "CREATE TABLE t ({columns}); CREATE INDEX ON t (id);
             SELECT {kept};
             INSERT INTO t ({names}id, token) SELECT {values}{key}, {token} FROM generate_series(1, 1000) AS n;
             CREATE TABLE before AS SELECT id, token FROM t;
             SELECT start_ticket_rotation('t', 'token', key_column => 'id', format => '{format}', ranges => 3)"
        ));
        // As of a large table, where new tokens have digits in common.
        database.execute("UPDATE ticket_rotation SET tickets_planned = 200000000 WHERE state = 'active'");
        while !database.one("SELECT rotate_ticket_tokens(NULL, 150, 't', 'token')").is_empty() {}
        let evidence = "SELECT verified, tickets_rotated FROM verify_ticket_rotation('t', 'token')";
        assert_eq!(database.one(&format!("SELECT e FROM ({evidence}) AS e")), "(t,1000)", "{columns}");
        assert_eq!(database.count("t JOIN before USING (id, token)"), 0, "{columns}");
        assert_eq!(database.one("SELECT count(DISTINCT token) FROM t"), "1000", "{columns}");
        database.execute("DROP TABLE t; DROP TABLE before");
    }
}

#[test]
fn the_driver_rotates_and_verifies_a_distributed_table() {
    let Some(cluster) = Cluster::start("citus_driver") else { return };
    let database = cluster.database();
    make_tickets(&database, 3000);
    database.complete(&["run", "--batch", "200", "--workers", "2", "--verify"]);
    assert_rotated_once(&database);
}

#[test]
fn nothing_of_the_extension_is_asked_of_the_workers() {
    let Some(cluster) = Cluster::start("citus_bare") else { return };
    let database = cluster.database();
    if Edition::of_tests() == Edition::Extension {
        database.execute("DROP EXTENSION ticket_ext");
        database.execute("SET citus.enable_ddl_propagation = off; CREATE EXTENSION ticket_ext");
        assert_eq!(cluster.on_worker(0).count("pg_extension WHERE extname = 'ticket_ext'"), 0);
    } else {
        // Citus would distribute what is created in a schema.
        database.execute("ALTER ROLE current_user SET citus.enable_schema_based_sharding = on");
        database.complete(&["setup", "--remove"]);
        database.complete(&["setup"]);
        assert_eq!(database.count("pg_dist_partition"), 0);
        assert_eq!(cluster.on_worker(0).count("pg_namespace WHERE nspname = 'ticket_ext'"), 0);
    }
    make_tickets(&database, 500);
    database.complete(&["run", "--batch", "100", "--verify"]);
    assert_rotated_once(&database);
}

#[test]
fn no_token_is_in_a_statement_that_a_node_may_log() {
    let Some(cluster) = Cluster::start("citus_log") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    let worker = cluster.on_worker(0);
    worker.execute("ALTER SYSTEM SET log_min_duration_statement = 0");
    worker.execute("SELECT pg_reload_conf()");
    poll("statements are logged", || {
        worker.one("SELECT current_setting('log_min_duration_statement')") == "0"
    });
    database.complete(&["run", "--batch", "40", "--verify"]);
    let log = fs::read_to_string(cluster.workers[0].data().with_file_name("log")).expect("it has a log");
    assert!(log.contains("UPDATE public.ticket_"), "the batches are there");
    let tokens = "(SELECT token FROM leaked UNION ALL SELECT token FROM ticket) AS either";
    let tokens = database.one(&format!("SELECT string_agg(token::text, ' ') FROM {tokens}"));
    for token in tokens.split(' ') {
        assert!(!log.contains(token) && !log.contains(&token.replace('-', "")));
    }
}
