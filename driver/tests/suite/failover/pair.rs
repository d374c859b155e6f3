//! A primary and its streaming standby, which can take each other's place.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::common::{Database, Running, Server, as_server_user, oracle, poll};

/// What `pg_rewind` asks for, besides WAL from the last common checkpoint on.
const SETTINGS: [&str; 3] = ["fsync=off", "wal_log_hints=on", "wal_keep_size=1024"];
const SYNCHRONOUS: &str = "ALTER SYSTEM SET synchronous_standby_names = '*'";

pub struct Pair {
    servers: [Server; 2],
    primary: usize,
    pub name: String,
}

impl Pair {
    /// With tickets, which the standby has as well. Both names are those of servers.
    pub fn start(names: [&str; 2], tickets: u64) -> Self {
        let primary = Server::start(names[0], &SETTINGS);
        // A server that is rewound recovers without options.
        for setting in SETTINGS {
            Database::named(&primary, "postgres").execute(&format!("ALTER SYSTEM SET {setting}"));
        }
        let standby = primary.standby(names[1], &SETTINGS);
        let database = Database::create_on(&primary);
        database.make_tickets(tickets as u32);
        oracle::watch(&database);
        database.slow_down(5);
        let name = database.name;
        let pair = Self { servers: [primary, standby], primary: 0, name };
        pair.wait_for_standby();
        pair
    }

    /// What is committed from now on is on both servers.
    pub fn replicate_synchronously(&self) {
        for server in &self.servers {
            let maintenance = Database::named(server, "postgres");
            maintenance.execute(SYNCHRONOUS);
            maintenance.execute("SELECT pg_reload_conf()");
        }
        let state = "SELECT sync_state FROM pg_stat_replication";
        poll("the synchronous standby", || self.primary().one(state) == "sync");
    }

    fn wait_for_standby(&self) {
        let written = self.primary().one("SELECT pg_current_wal_lsn()");
        let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        poll("the standby", || Database::named(self.standing_by(), "postgres").one(&replayed) == "true");
    }

    pub fn leading(&self) -> &Server {
        &self.servers[self.primary]
    }

    pub fn standing_by(&self) -> &Server {
        &self.servers[1 - self.primary]
    }

    /// The database on the primary.
    pub fn primary(&self) -> Database<'_> {
        Database::of_tests(self.leading(), &self.name)
    }

    pub fn standby(&self) -> Database<'_> {
        Database::of_tests(self.standing_by(), &self.name)
    }

    /// Both servers, the primary first.
    pub fn primary_first(&self) -> String {
        [self.leading(), self.standing_by()].map(|server| server.variable("PGHOST")).join(",")
    }

    pub fn standby_first(&self) -> String {
        [self.standing_by(), self.leading()].map(|server| server.variable("PGHOST")).join(",")
    }

    /// A driver that knows these hosts.
    pub fn drive(&self, hosts: &str, arguments: &[&str]) -> Running {
        let mut command = self.primary().driver(arguments);
        command.env("PGHOST", hosts);
        Running::start(command)
    }

    /// The primary ends as `pg_ctl stop` is told, and the standby is promoted.
    pub fn promote(&mut self, mode: &str) {
        self.leading().stop(mode);
        self.standing_by().promote();
        self.primary = 1 - self.primary;
    }

    /// The server that was the primary follows the one that is.
    pub fn rewind(&self) {
        let (old, new) = (self.standing_by(), self.leading());
        // pg_rewind goes by the timeline of the last checkpoint.
        self.primary().administrator().execute("CHECKPOINT");
        let mut command = as_server_user(&Path::new(old.variable("PGBIN")).join("pg_rewind"));
        command.args(["--no-sync", "--write-recovery-conf", "--target-pgdata"]).arg(old.data());
        let source =
            format!("host={} user={} dbname=postgres", new.variable("PGHOST"), new.variable("PGUSER"));
        command.args(["--source-server", &source]).current_dir("/").env_clear().stdin(Stdio::null());
        // With the options that it had, which pg_rewind removes.
        let options = fs::read(old.data().join("postmaster.opts")).expect("it has run before");
        let output = command.output().expect("pg_rewind runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        old.write("postmaster.opts", options);
        old.start_again();
    }

    pub fn wait_for_batches(&self, more: i64) {
        let database = self.primary();
        let enough = database.count("ticket_rotation_batch") + more;
        poll("some batches", || database.count("ticket_rotation_batch") >= enough);
    }

    /// On the primary, where the run has ended.
    #[track_caller]
    pub fn assert_rotated_once(&self) {
        let database = self.primary();
        oracle::assert_rotated_once(&database);
        assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
    }
}
