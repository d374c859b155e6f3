//! Through a real PgBouncer in transaction mode: each statement may meet another session of the server.

use std::fs;
use std::os::unix::fs::chown;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::database::Database;
use crate::network::free_port;
use crate::oracle;
use crate::process::{Running, poll};
use crate::server::{Server, as_server_user, repository};
use crate::verify::List;

/// Where `driver/dev/pgbouncer` unpacks it.
const PROGRAM: &str = "target/pgbouncer/usr/sbin/pgbouncer";

pub struct Pooler {
    port: u16,
    process: Child,
    _folder: TempDir,
}

impl Pooler {
    /// None where there is no program.
    pub fn before(server: &Server) -> Option<Self> {
        let installed = repository().join(PROGRAM);
        if !installed.exists() {
            println!("skipped: there is no {PROGRAM} (driver/dev/pgbouncer)");
            return None;
        }
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        // A copy, since the server's user may not reach the repository.
        let program = folder.path().join("pgbouncer");
        fs::copy(installed, &program).expect("the program can be copied");
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings(server, port)).expect("the settings can be written");
        let owner = fs::metadata(server.data()).expect("the data folder is there");
        for path in [folder.path(), &file] {
            use std::os::unix::fs::MetadataExt;
            chown(path, Some(owner.uid()), Some(owner.gid())).expect("the owner can be set");
        }
        let mut command = as_server_user(&program);
        command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("pgbouncer starts");
        Some(Self { port, process, _folder: folder })
    }

    pub fn driver(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = database.driver(arguments);
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        command
    }

    pub fn wait_until_it_answers(&self, database: &Database) {
        poll("an answer of pgbouncer", || {
            Running::start(self.driver(database, &["status"])).wait().code == Some(0)
        });
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().expect("pgbouncer can be killed");
        self.process.wait().expect("pgbouncer ends");
    }
}

/// A small pool, so that sessions are shared.
fn settings(server: &Server, port: u16) -> String {
    let (host, server_port) = (server.variable("PGHOST"), server.variable("PGPORT"));
    format!(
        "[databases]
         * = host={host} port={server_port} user=postgres
         [pgbouncer]
         listen_addr = 127.0.0.1
         listen_port = {port}
         unix_socket_dir =
         auth_type = any
         pool_mode = transaction
         default_pool_size = 2
         server_login_retry = 1
        "
    )
    .replace("\n         ", "\n")
}

#[test]
fn two_drivers_share_a_run_through_a_pooler() {
    let database = Database::with_tickets(10_000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    oracle::watch(&database);
    pooler.wait_until_it_answers(&database);
    database.one("SELECT start_ticket_rotation(ranges => 4)");
    let drivers = [50, 70]
        .map(|batch| Running::start(pooler.driver(&database, &["run", "--batch", &batch.to_string()])));
    for driver in drivers {
        driver.wait().expect(0);
    }
    oracle::assert_rotated_once(&database);
    let list = List::of(&database, "SELECT token FROM leaked");
    Running::start(pooler.driver(&database, &["verify", "--leaked", list.path()])).wait().expect(0);
}

#[test]
fn a_run_through_a_pooler_survives_restarts_of_the_server() {
    let server = Server::start("pooled", &["synchronous_commit=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(5000);
    let Some(pooler) = Pooler::before(&server) else { return };
    oracle::watch(&database);
    database.slow_down(5);
    pooler.wait_until_it_answers(&database);
    let running = Running::start(pooler.driver(&database, &["run", "--batch", "20"]));
    for (batches, mode) in [(20, "fast"), (60, "immediate")] {
        poll("some batches", || database.count("ticket_rotation_batch") >= batches);
        server.restart(mode);
    }
    running.wait().expect(0).says(&["; trying again in "]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_run_through_a_pooler_is_vacuumed() {
    let database = Database::with_tickets(100_000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    database.execute("ALTER TABLE ticket SET (autovacuum_enabled = off)");
    pooler.wait_until_it_answers(&database);
    let ended = Running::start(pooler.driver(&database, &["run"])).wait().expect(0);
    assert!(!ended.stderr.contains("VACUUM failed"), "{}", ended.stderr);
    poll("VACUUM", || {
        database.count("pg_stat_user_tables WHERE relname = 'ticket' AND vacuum_count > 0") == 1
    });
}
