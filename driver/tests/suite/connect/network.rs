//! A second server: on TCP, with passwords, and with TLS by a certificate authority of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::common::{Database, Edition, Server, free_port, poll};

/// Every role's, with what needs care in a URL or a password file.
pub const PASSWORD: &str = r"open: se\same";

pub const EC: &str = "ec -pkeyopt ec_paramgen_curve:prime256v1";
pub const RSA: &str = "rsa:2048";

const RULES: &str = "
local     all postgres,rotation_owner trust
hostnossl all encrypted 127.0.0.1/32 reject
hostssl   all plain     127.0.0.1/32 reject
hostssl   all certified 127.0.0.1/32 cert
host      all all       127.0.0.1/32 scram-sha-256
local     all all       scram-sha-256
";

/// A database with an empty table `ticket`, on that server.
pub fn database() -> Database<'static> {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let database = Database::create_on(SERVER.get_or_init(start));
    database.execute("CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid)");
    database
}

/// The driver's `status` over TCP; it succeeds once it is logged in.
pub fn status(database: &Database, user: &str) -> Command {
    let mut command = database.driver(&["status"]);
    command.env("PGHOST", "127.0.0.1").env("PGUSER", user);
    command
}

fn start() -> Server {
    let port = format!("port={}", free_port());
    // The default of PostgreSQL 14 and later ones.
    let encryption = "password_encryption=scram-sha-256";
    let server = Server::start("network", &["listen_addresses=127.0.0.1", &port, encryption]);
    let authority = Authority::shared();
    let [certificate, key] = authority.sign("localhost");
    for (name, file) in
        [("server.crt", certificate), ("server.key", key), ("ca.crt", authority.certificate())]
    {
        server.write(name, fs::read(file).expect("openssl made the file"));
    }
    server.write("pg_hba.conf", RULES);
    let database = Database::create_empty_on(&server).administrator();
    let privileged = Edition::of_tests().privileged();
    for role in ["ann", "plain", "encrypted", "certified"] {
        database.execute(&format!("CREATE ROLE {role} {privileged} LOGIN PASSWORD '{PASSWORD}'"));
    }
    database.execute("ALTER SYSTEM SET ssl_ca_file = 'ca.crt'");
    database.execute("ALTER SYSTEM SET ssl_max_protocol_version = 'TLSv1.2'");
    database.execute("ALTER SYSTEM SET ssl = on");
    database.execute("SELECT pg_reload_conf()");
    poll("the server's new configuration", || database.one("SELECT current_setting('ssl')") == "on");
    server
}

/// Made by the openssl program.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(Self::create)
    }

    pub fn create() -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        let request = format!("req -x509 -newkey {EC} -nodes -days 2 -keyout ca.key -out ca.crt");
        openssl(authority.folder.path(), &format!("{request} -subj /CN=authority"));
        authority
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A certificate for a host or a role, and its key.
    pub fn sign(&self, name: &str) -> [PathBuf; 2] {
        self.sign_key(EC, name)
    }

    pub fn sign_key(&self, kind: &str, name: &str) -> [PathBuf; 2] {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = format!("{name}-{number}");
        let folder = self.folder.path();
        let [csr, key, crt, names] = ["csr", "key", "crt", "names"].map(|kind| format!("{file}.{kind}"));
        fs::write(folder.join(&names), format!("subjectAltName=DNS:{name}")).expect("the names are written");
        openssl(folder, &format!("req -new -newkey {kind} -nodes -keyout {key} -out {csr} -subj /CN={name}"));
        let authority = format!("-CA ca.crt -CAkey ca.key -set_serial {}", number + 1);
        openssl(folder, &format!("x509 -req {authority} -days 2 -extfile {names} -in {csr} -out {crt}"));
        [crt, key].map(|file| folder.join(file))
    }
}

pub fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    let output = command.args(arguments.split(' ')).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
