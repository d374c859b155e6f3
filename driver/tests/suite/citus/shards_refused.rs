//! What cannot be rotated shard by shard is refused before anything is changed.

use crate::common::{Database, Edition, Server};

use super::shards_cluster::Cluster;

#[test]
fn a_database_without_citus_has_no_shards() {
    let database = Database::create_with(Edition::Extension, Server::shared());
    database.make_tickets(10);
    database.end(&["run", "--shards"], 2).says(&["in a database without Citus", "HINT: "]);
    database.end(&["verify", "--shards"], 2).says(&["in a database without Citus"]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
}

#[test]
fn options_that_are_for_one_server_are_refused() {
    let database = Database::with_tickets(10);
    for option in ["--dry-run", "--guard", "--max-active=1", "--throttle-query=SELECT 1", "--leaked=x"] {
        let name = option.split('=').next().expect("a name");
        database.end(&["run", "--shards", option], 2).says(&[name, "cannot be combined with --shards"]);
    }
    database.end(&["run", "--node-map", "a:1=b:2"], 2).says(&["--shards"]);
}

#[test]
fn other_kinds_of_tables_are_refused() {
    let Some(cluster) = Cluster::start("shards_kinds", 2) else { return };
    let database = cluster.database();
    database.execute(
        "CREATE TABLE local (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid());
         CREATE TABLE everywhere (LIKE local INCLUDING ALL);
         SELECT create_reference_table('everywhere');
         SET citus.shard_replication_factor TO 2;
         CREATE TABLE twice (LIKE local INCLUDING ALL);
         SELECT create_distributed_table('twice', 'id', shard_count => 2);
         SET citus.shard_replication_factor TO 1;
         CREATE TABLE parts (id bigint NOT NULL, token uuid) PARTITION BY RANGE (id);
         SELECT create_distributed_table('parts', 'id', shard_count => 2)",
    );
    let told = [
        ("local", "not distributed by the hash"),
        ("everywhere", "not distributed by the hash"),
        ("twice", "shards on several nodes"),
        ("parts", "is partitioned"),
    ];
    for (table, words) in told {
        database.end(&["--table", table, "run", "--shards"], 2).says(&[words]);
    }
    assert_eq!(database.count("pg_class WHERE relname LIKE 'ticket_shard_ledger%'"), 0);
}

#[test]
fn nothing_else_rotates_what_a_run_of_shards_has_not_finished() {
    let Some(cluster) = Cluster::start("shards_beside", 2) else { return };
    cluster.make_tickets(4000, 4);
    cluster.interrupt_after(100, &["--batch", "20", "--workers", "1", "--nice", "20"]);
    let database = cluster.database();
    database.end(&["run", "--shards", "--new"], 1).says(&["is unfinished"]);
    let by_hand = format!("SELECT rotate_ticket_tokens(NULL, 10, 'ticket_{}')", cluster.shard(0));
    let by_hand = format!("SET citus.override_table_visibility TO off; {by_hand}");
    let refused = [0, 1].map(|worker| {
        let error = cluster.worker(worker).connect().batch_execute(&by_hand).expect_err("it is refused");
        error.as_db_error().expect("by the node").message().to_owned()
    });
    assert!(refused.iter().any(|said| said.contains("is a shard of a distributed table")), "{refused:?}");
    database.end(&["run"], 1);
    cluster.end_run(&[], 0);
    cluster.assert_rotated_once();
}
