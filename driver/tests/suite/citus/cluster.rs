//! A coordinator and two workers, if the server under test has Citus.

use std::env;

use crate::common::{Database, Edition, Server};

const SETTINGS: [&str; 7] = [
    "shared_preload_libraries=citus",
    "wal_level=logical",
    "fsync=off",
    // What a session does not wait for is lost in a crash.
    "wal_writer_delay=10s",
    "max_prepared_transactions=100",
    "max_worker_processes=64",
    "citus.enable_statistics_collection=off",
];

pub struct Cluster {
    pub coordinator: Server,
    pub workers: [Server; 2],
}

impl Cluster {
    /// None, and a line that says so, without Citus.
    pub fn start(name: &str) -> Option<Self> {
        let here = Database::named(Server::shared(), "postgres");
        if here.one("SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'") == "0" {
            assert!(env::var_os("CITUS").is_none(), "the server under test has no Citus");
            eprintln!("{name}: not run, since the server under test has no Citus");
            return None;
        }
        let server = |role: &str| Server::start(&format!("{name}_{role}"), &SETTINGS);
        let cluster = Self { coordinator: server("c"), workers: [server("w1"), server("w2")] };
        cluster.join();
        Some(cluster)
    }

    /// Nodes are called by the folders of their sockets.
    fn join(&self) {
        for server in [&self.coordinator].into_iter().chain(&self.workers) {
            let database = Database::named(server, "postgres");
            // By which a node finds itself.
            database.execute(&format!("ALTER SYSTEM SET citus.local_hostname = '{}'", host(server)));
            database.execute("SELECT pg_reload_conf(); CREATE EXTENSION citus");
            Edition::of_tests().own(&database);
        }
        let database = self.database().administrator();
        database.execute(&format!("SELECT citus_set_coordinator_host('{}', 5432)", host(&self.coordinator)));
        for worker in &self.workers {
            database.execute(&format!("SELECT citus_add_node('{}', 5432)", host(worker)));
        }
        Edition::of_tests().install(&self.database());
    }

    pub fn database(&self) -> Database<'_> {
        Database::of_tests(&self.coordinator, "postgres")
    }

    pub fn on_worker(&self, number: usize) -> Database<'_> {
        Database::named(&self.workers[number], "postgres")
    }

    /// One of the tickets' on the first worker.
    pub fn shard(&self) -> String {
        self.database().one(
            "SELECT min(shard_name('ticket', shardid)) FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
             WHERE logicalrelid = 'ticket'::regclass AND groupid = 1",
        )
    }
}

pub fn host(server: &Server) -> &str {
    server.variable("PGHOST")
}

/// Makes a table of tickets, distributed, with a copy of it as it was.
pub fn make_tickets(database: &Database, tickets: i64) {
    database.execute(&format!(
        "CREATE TABLE ticket (id bigserial PRIMARY KEY, owner integer NOT NULL DEFAULT 0,
                              token uuid NOT NULL DEFAULT gen_random_uuid());
         SELECT create_distributed_table('ticket', 'id', shard_count => 4);
         INSERT INTO ticket (id) SELECT generate_series(1, {tickets});
         SELECT setval('ticket_id_seq', {tickets});
         CREATE TABLE leaked AS SELECT id, token FROM ticket"
    ));
}

/// Each ticket has one entry, of the token that it had, and another token.
#[track_caller]
pub fn assert_rotated_once(database: &Database) {
    let entries = "FROM ticket_rotation_batch, unnest(keys, digests) AS entry (key, digest)";
    let leaked = database.count("leaked");
    assert_eq!(database.one(&format!("SELECT count(*) {entries}")), leaked.to_string());
    let retired = format!(
        "leaked JOIN (SELECT key, digest {entries}) AS entry
         ON key = id AND digest = ticket_token_digest(token)"
    );
    assert_eq!(database.count(&retired), leaked, "each retires the token that was leaked");
    assert_eq!(database.count("leaked JOIN ticket USING (id, token)"), 0);
    assert_eq!(database.one("SELECT count(DISTINCT token) FROM ticket"), leaked.to_string());
}
