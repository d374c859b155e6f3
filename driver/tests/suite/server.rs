//! Private servers, by `driver/dev/private-server`: one for all tests, more where a test needs settings of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Once, OnceLock};

/// A server that stops when its guardian's standard input ends: with the value, or with the tests' process.
pub struct Server {
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
        install_extension();
        let mut command = private_server();
        command.args(["run", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut guardian = command.spawn().expect("private-server starts");
        let mut line = String::new();
        BufReader::new(guardian.stdout.as_mut().expect("stdout is a pipe"))
            .read_line(&mut line)
            .expect("private-server prints the variables");
        let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
        let variables: HashMap<_, _> = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        assert!(!variables.is_empty(), "the server {name} did not start");
        Self { variables, guardian }
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
