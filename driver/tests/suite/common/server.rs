//! Private servers, by `driver/dev/private-server`: one for all tests, more where a test needs settings of its own.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Once, OnceLock};

use tempfile::NamedTempFile;

/// A batch waits for a ticket half as long: longer than any test holds one.
const PATIENT: &str = "deadlock_timeout=2min";

/// A server that stops when its guardian's standard input ends: with the value, or with the tests' process.
pub struct Server {
    name: String,
    variables: HashMap<String, String>,
    guardian: Child,
}

impl Server {
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start("test", &["fsync=off", "max_connections=200", "max_prepared_transactions=10"])
        })
    }

    pub fn start(name: &str, settings: &[&str]) -> Self {
        Self::run(name, &[], settings)
    }

    /// A streaming standby of this server; its name is its application_name as well.
    pub fn standby(&self, name: &str, settings: &[&str]) -> Self {
        Self::run(name, &["--standby-of", &self.name], settings)
    }

    fn run(name: &str, options: &[&str], settings: &[&str]) -> Self {
        install_extension();
        let mut command = private_server();
        command.args(["run", name]).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        for setting in [PATIENT].iter().chain(settings) {
            command.args(["-c", setting]);
        }
        let mut guardian = command.spawn().expect("private-server starts");
        let mut line = String::new();
        BufReader::new(guardian.stdout.as_mut().expect("stdout is a pipe"))
            .read_line(&mut line)
            .expect("private-server prints the variables");
        let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
        let mut variables: HashMap<_, _> = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        assert!(!variables.is_empty(), "the server {name} did not start");
        if let Some(port) = settings.iter().find_map(|setting| setting.strip_prefix("port=")) {
            variables.insert("PGPORT".to_owned(), port.to_owned());
        }
        Self { name: name.into(), variables, guardian }
    }

    /// PGHOST, PGPORT, PGUSER, PGSERVERDIR (its folder) or PGBIN (that of its programs).
    pub fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    /// One of PostgreSQL's own programs, set to connect to this server.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(Path::new(self.variable("PGBIN")).join(name));
        self.set_variables(&mut command);
        command
    }

    pub fn data(&self) -> PathBuf {
        Path::new(self.variable("PGSERVERDIR")).join("data")
    }

    /// Into the data folder, for the server's eyes only.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.data().join(name);
        let owner = fs::metadata(self.data()).expect("the data folder is there");
        fs::write(&file, content).expect("the file can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the mode can be set");
        chown(&file, Some(owner.uid()), Some(owner.gid())).expect("the owner can be set");
    }

    pub fn restart(&self, mode: &str) {
        self.pg_ctl(&["restart", "--mode", mode]);
    }

    pub fn stop(&self, mode: &str) {
        self.pg_ctl(&["stop", "--mode", mode]);
    }

    pub fn promote(&self) {
        self.pg_ctl(&["promote"]);
    }

    /// After a stop, with the settings it had.
    pub fn start_again(&self) {
        let line = fs::read_to_string(self.data().join("postmaster.opts")).expect("it has run before");
        let (_program, options) = line.trim().split_once(' ').expect("it was started with options");
        self.pg_ctl(&["start", "--options", options]);
    }

    fn pg_ctl(&self, arguments: &[&str]) {
        let mut command = as_server_user(&Path::new(self.variable("PGBIN")).join("pg_ctl"));
        command.args(arguments).arg("--silent").arg("--wait").arg("--pgdata").arg(self.data());
        if arguments[0].ends_with("start") {
            command.arg("--log").arg(Path::new(self.variable("PGSERVERDIR")).join("log"));
        }
        // Not to a pipe, which the server would keep open.
        let said = NamedTempFile::new().expect("a file for the output");
        command
            .current_dir("/")
            .env_clear()
            .stdout(Stdio::null())
            .stderr(said.reopen().expect("it is there"));
        let success = command.status().expect("pg_ctl runs").success();
        assert!(success, "pg_ctl {arguments:?}: {}", fs::read_to_string(said).unwrap_or_default());
    }

    pub fn set_variables(&self, command: &mut Command) {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG") || name == "DATABASE_URL")
        {
            command.env_remove(name);
        }
        command.envs(&self.variables);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        self.guardian.wait().expect("private-server ends");
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a port is free").port()
}

/// PostgreSQL refuses to run as root.
pub fn as_server_user(program: &Path) -> Command {
    // SAFETY: a plain system call that cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the driver lies in the repository").into()
}

fn private_server() -> Command {
    let mut command = Command::new(repository().join("driver/dev/private-server"));
    // What cargo sets for the tests would make the inner cargo build everything anew.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_HOME") {
        command.env_remove(name);
    }
    command
}

fn install_extension() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let output = private_server().arg("install").output().expect("private-server runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}
