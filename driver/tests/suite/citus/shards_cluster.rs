//! A coordinator and its workers, where the server under test has Citus.

use std::fs;
use std::path::Path;
use std::sync::Once;

use postgres::Client;

use crate::common::{Database, Edition, Ended, Running, Server, free_port, poll};

/// A token that comes into a ticket leaves a row with the one that it retires, in the batch's own transaction, in a
/// table of the node that Citus knows nothing of.
const AUDIT: &str = "
CREATE SCHEMA audit;
CREATE TABLE audit.retired (old uuid NOT NULL, new uuid NOT NULL, at xid8 DEFAULT pg_current_xact_id())";
/// A line for each token and transaction: the token, then those that were made for it there.
const RETIRED: &str =
    "SELECT concat_ws(' ', old, string_agg(new::text, ' ')) FROM audit.retired GROUP BY at, old";
const NOTE: &str = "
CREATE FUNCTION public.note(old uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS
    'DECLARE fresh pg_catalog.uuid := pg_catalog.gen_random_uuid();
     BEGIN INSERT INTO audit.retired VALUES (old, fresh); RETURN fresh; END'";
const SETTINGS: [&str; 9] = [
    "shared_preload_libraries=citus",
    "wal_level=logical",
    "listen_addresses=127.0.0.1",
    "fsync=off",
    // What a session does not wait for is lost in a crash.
    "wal_writer_delay=10s",
    "max_connections=100",
    "max_prepared_transactions=50",
    "citus.node_conninfo=sslmode=disable",
    "citus.enable_statistics_collection=off",
];

pub struct Cluster {
    pub coordinator: Server,
    pub workers: Vec<Server>,
    edition: Edition,
}

fn has_citus() -> bool {
    static SAID: Once = Once::new();
    let has = Database::create_empty().count("pg_available_extensions WHERE name = 'citus'") > 0;
    if !has {
        SAID.call_once(|| eprintln!("the server has no Citus: what is tested with it is left out"));
    }
    has
}

impl Cluster {
    /// None: there is no Citus. With the extension, which rotates shards.
    pub fn start(name: &str, workers: usize) -> Option<Self> {
        Self::start_with(Edition::Extension, name, workers)
    }

    pub fn start_with(edition: Edition, name: &str, workers: usize) -> Option<Self> {
        if !has_citus() {
            return None;
        }
        let node = |number: usize| {
            let port = format!("port={}", free_port());
            let settings: Vec<&str> = SETTINGS.iter().copied().chain([port.as_str()]).collect();
            let server = Server::start(&format!("{name}{number}"), &settings);
            let database = Database::named(&server, "postgres");
            database.execute("CREATE EXTENSION citus");
            edition.own(&database);
            server
        };
        let coordinator = node(0);
        let cluster = Self { coordinator, workers: (1..=workers).map(node).collect(), edition };
        cluster.join();
        Some(cluster)
    }

    fn join(&self) {
        let coordinator = Database::named(&self.coordinator, "postgres");
        let port = self.coordinator.variable("PGPORT");
        coordinator.one(&format!("SELECT citus_set_coordinator_host('127.0.0.1', {port})"));
        for worker in &self.workers {
            let port = worker.variable("PGPORT");
            coordinator.one(&format!("SELECT citus_add_node('127.0.0.1', {port})"));
        }
        self.edition.install(&self.database());
        for node in self.nodes() {
            Database::named(node, "postgres")
                .execute(&format!("SET citus.enable_ddl_propagation TO off; {AUDIT}"));
        }
        coordinator.execute(NOTE);
    }

    /// Of the coordinator.
    pub fn database(&self) -> Database<'_> {
        let role = self.edition.role(&self.coordinator).into();
        Database { role, ..Database::named(&self.coordinator, "postgres") }
    }

    pub fn worker(&self, number: usize) -> Database<'_> {
        Database::named(&self.workers[number], "postgres")
    }

    pub fn port(&self, worker: usize) -> &str {
        self.workers[worker].variable("PGPORT")
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Server> {
        [&self.coordinator].into_iter().chain(&self.workers)
    }

    /// A distributed table, and a copy of it as it was.
    pub fn make_tickets(&self, tickets: u32, shards: u32) {
        self.database().execute(&format!(
            "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid(), n int);
             SELECT create_distributed_table('ticket', 'id', shard_count => {shards});
             INSERT INTO ticket SELECT number FROM generate_series(1, {tickets}) AS number;
             CREATE TABLE leaked AS SELECT id, token FROM ticket"
        ));
    }

    pub fn start_run(&self, more: &[&str]) -> Running {
        self.database().start(&[&["run", "--shards", "--format", "function:public.note"], more].concat())
    }

    #[track_caller]
    pub fn end_run(&self, more: &[&str], code: i32) -> Ended {
        self.start_run(more).wait().expect(code)
    }

    #[track_caller]
    pub fn verify(&self, code: i32) -> Ended {
        self.database().end(&["verify", "--shards"], code)
    }

    /// Starts a run and stops it as soon as so many tickets have a new token.
    pub fn interrupt_after(&self, tickets: usize, more: &[&str]) {
        let running = self.start_run(more);
        poll("tickets with a new token", || self.retired().len() >= tickets);
        running.signal(libc::SIGINT);
        running.wait().expect(130);
    }

    /// The shard of the table with this number in order, from 0.
    pub fn shard(&self, number: u32) -> i64 {
        let shards = "SELECT shardid FROM pg_dist_shard WHERE logicalrelid = 'ticket'::regclass";
        let sql = format!("{shards} ORDER BY shardid OFFSET {number} LIMIT 1");
        self.database().one(&sql).parse().expect("a shard")
    }

    /// To the other one of two workers.
    pub fn move_shard(&self, client: &mut Client, shard: i64, mode: &str) -> Result<(), postgres::Error> {
        let from = format!(
            "SELECT nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = {shard}"
        );
        let from: i32 = client.query_one(&from, &[])?.get(0);
        let ports = [0, 1].map(|worker| self.port(worker).parse::<i32>().expect("a port"));
        let to = if ports[0] == from { ports[1] } else { ports[0] };
        let sql = format!(
            "SELECT citus_move_shard_placement({shard}, '127.0.0.1', {from}, '127.0.0.1', {to}, '{mode}')"
        );
        client.batch_execute(&sql)
    }

    /// In two, of which the second goes to the last worker.
    pub fn split_shard(client: &mut Client, shard: i64) -> Result<(), postgres::Error> {
        let sql = format!(
            "SELECT citus_split_shard_by_split_points({shard},
                 ARRAY[((shardminvalue::bigint + shardmaxvalue::bigint) / 2)::text],
                 ARRAY[placement.nodeid, (SELECT max(nodeid) FROM pg_dist_node)], 'block_writes')
             FROM pg_dist_shard
             JOIN (SELECT shardid, nodeid FROM pg_dist_placement JOIN pg_dist_node USING (groupid)) AS placement
                 USING (shardid)
             WHERE shardid = {shard}"
        );
        client.batch_execute(&sql)
    }

    /// The tokens that were retired, as often as they were, as far as the nodes answer. Before a run starts the
    /// extension tries the function, twice with each of some tokens; twice it is also called where an application has
    /// changed the ticket meanwhile, and then one of the two is stored.
    pub fn retired(&self) -> Vec<String> {
        let lines = self.noted(RETIRED);
        let mut stored = self.column("SELECT token::text FROM ticket");
        stored.extend(lines.iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())));
        stored.sort();
        let is_stored = |token: &str| stored.binary_search_by(|known| known.as_str().cmp(token)).is_ok();
        let is_trial = |made: &[&str]| made.len() == 2 && !made.iter().any(|token| is_stored(token));
        let retired = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>());
        retired.filter(|tokens| !is_trial(&tokens[1..])).map(|tokens| tokens[0].to_owned()).collect()
    }

    /// Of the coordinator, where it answers.
    pub fn column(&self, sql: &str) -> Vec<String> {
        let rows = self.database().try_connect().and_then(|mut client| client.query(sql, &[]));
        rows.unwrap_or_default().iter().map(|row| row.get(0)).collect()
    }

    fn noted(&self, sql: &str) -> Vec<String> {
        let mut noted = Vec::new();
        for node in self.nodes() {
            let Ok(mut client) = Database::named(node, "postgres").try_connect() else { continue };
            let rows = client.query(sql, &[]).unwrap_or_default();
            noted.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        noted.sort();
        noted
    }

    /// Each leaked token was retired once, none that came for it was, and none is in use.
    #[track_caller]
    pub fn assert_rotated_once(&self) {
        let mut leaked = self.column("SELECT token::text FROM leaked");
        let (retired, made) = (self.retired(), self.noted("SELECT new::text FROM audit.retired"));
        leaked.sort();
        let skipped = leaked.iter().filter(|token| retired.binary_search(token).is_err()).count();
        let replayed = retired.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let doubled = retired.iter().filter(|token| made.binary_search(token).is_ok()).count();
        assert_eq!((skipped, replayed, doubled), (0, 0, 0), "skipped, replayed, doubled");
        assert_eq!(self.database().count("ticket JOIN leaked USING (token)"), 0);
        assert_eq!(self.database().count("leaked LEFT JOIN ticket USING (id) WHERE ticket.id IS NULL"), 0);
    }

    /// Without a word to the node's processes.
    pub fn kill_node(node: &Server) {
        let socket = format!(".s.PGSQL.{}.lock", node.variable("PGPORT"));
        let locks = [node.data().join("postmaster.pid"), Path::new(node.variable("PGHOST")).join(socket)];
        let file = fs::read_to_string(&locks[0]).expect("it runs");
        let pid = file.lines().next().and_then(|line| line.parse().ok()).expect("its number");
        let children = children_of(pid);
        for &process in [pid].iter().chain(&children) {
            // SAFETY: a plain system call; these are processes of the node, which this test has started.
            unsafe { libc::kill(process, libc::SIGKILL) };
        }
        // One that outlives it would keep its memory from the next one.
        poll("the end of the node", || ![pid].iter().chain(&children).any(|&process| is_running(process)));
        // As long as nobody has asked for its end, the process has its number.
        locks.iter().for_each(|lock| fs::remove_file(lock).expect("it can be removed"));
    }
}

/// The name before the state may hold anything, in parentheses.
fn state_and_parent(process: i32) -> Option<(String, i32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn children_of(process: i32) -> Vec<i32> {
    let all = fs::read_dir("/proc").expect("it can be read").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&id| state_and_parent(id).is_some_and(|(_, parent)| parent == process)).collect()
}

fn is_running(process: i32) -> bool {
    state_and_parent(process).is_some_and(|(state, _)| state != "Z")
}
