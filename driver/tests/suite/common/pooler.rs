//! A real PgBouncer in transaction mode before a server.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::database::Database;
use super::edition::Edition;
use super::process::poll;
use super::server::{Server, as_server_user, free_port, repository};

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
        Self::before_as(server, Edition::of_tests().role(server))
    }

    /// Whose sessions are this role's. It takes connections when this returns.
    pub fn before_as(server: &Server, role: &str) -> Option<Self> {
        let installed = repository().join(PROGRAM);
        if !installed.exists() {
            println!("skipped: there is no {PROGRAM} (driver/dev/pgbouncer)");
            return None;
        }
        // Another process may take a free port first: PgBouncer ends then.
        Some((0..5).find_map(|_| Self::start(&installed, server, role)).expect("pgbouncer starts"))
    }

    fn start(installed: &Path, server: &Server, role: &str) -> Option<Self> {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        // A copy, since the server's user may not reach the repository.
        let program = folder.path().join("pgbouncer");
        fs::copy(installed, &program).expect("the program can be copied");
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings(server, port, role)).expect("the settings can be written");
        let owner = fs::metadata(server.data()).expect("the data folder is there");
        for path in [folder.path(), &file] {
            chown(path, Some(owner.uid()), Some(owner.gid())).expect("the owner can be set");
        }
        let log = folder.path().join("log");
        let mut command = as_server_user(&program);
        command.arg(file).stdin(Stdio::null()).stdout(Stdio::null());
        let process =
            command.stderr(File::create(&log).expect("a log")).spawn().expect("pgbouncer can be run");
        let mut pooler = Self { port, process, _folder: folder };
        pooler.is_up(&log).then_some(pooler)
    }

    fn is_up(&mut self, log: &Path) -> bool {
        let says_so = || fs::read_to_string(log).expect("a log").contains("process up");
        let mut has_ended = || self.process.try_wait().expect("it can be waited for").is_some();
        poll("pgbouncer to start", || says_so() || has_ended());
        says_so()
    }

    pub fn driver(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = database.driver(arguments);
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        command
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().expect("pgbouncer can be killed");
        self.process.wait().expect("pgbouncer ends");
    }
}

/// A small pool, so that sessions are shared.
fn settings(server: &Server, port: u16, role: &str) -> String {
    let (host, server_port) = (server.variable("PGHOST"), server.variable("PGPORT"));
    format!(
        "[databases]
         * = host={host} port={server_port} user={role}
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
