//! sslmode as libpq has it. The server takes `encrypted` over TLS only, and `plain` without TLS only.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::network::{self, Authority, EC, PASSWORD, RSA, openssl};
use crate::common::{DRIVER, Database, Ended, Lock, Running, wait_for_blocked};

fn log_in(database: &Database, user: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = network::status(database, user);
    command.env("PGPASSWORD", PASSWORD).envs(variables.iter().copied());
    Running::start(command).wait()
}

#[test]
fn each_mode_uses_tls_when_it_promises_to() {
    let database = network::database();
    let (yes, no) = (Some(0), Some(1));
    for (mode, encrypted, plain) in
        [("disable", no, yes), ("allow", yes, yes), ("prefer", yes, yes), ("require", yes, no)]
    {
        let login = |user| log_in(&database, user, &[("PGSSLMODE", mode)]).code;
        assert_eq!((login("encrypted"), login("plain")), (encrypted, plain), "{mode}");
    }
}

#[test]
fn verify_full_accepts_the_right_name_by_the_right_authority() {
    let database = network::database();
    let root = Authority::shared().certificate();
    let port = database.server.variable("PGPORT");
    let url = format!(
        "postgresql://encrypted@localhost:{port}/{}?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={}",
        database.name,
        root.display(),
    );
    let mut command = database.driver(&["status", "--url", &url]);
    command.env("PGPASSWORD", PASSWORD);
    Running::start(command).wait().expect(0);
}

#[test]
fn verify_full_refuses_another_name_and_verify_ca_does_not_mind() {
    let database = network::database();
    let root = Authority::shared().certificate();
    let root = ("PGSSLROOTCERT", root.to_str().expect("a plain path"));
    log_in(&database, "encrypted", &[("PGSSLMODE", "verify-ca"), root]).expect(0);
    log_in(&database, "encrypted", &[("PGSSLMODE", "verify-full"), root]).expect(1).says(&[
        "no TLS connection to 127.0.0.1 port",
        "IP address mismatch",
        "HINT: See sslmode and sslrootcert",
    ]);
}

#[test]
fn another_authority_is_refused_by_every_mode_that_insists_on_tls() {
    let database = network::database();
    let stranger = Authority::create();
    let root = stranger.certificate();
    let root = ("PGSSLROOTCERT", root.to_str().expect("a plain path"));
    for mode in ["require", "verify-ca", "verify-full"] {
        let ended = log_in(&database, "encrypted", &[("PGSSLMODE", mode), root]);
        ended.expect(1).says(&["no TLS connection to", "certificate verify failed"]);
    }
}

#[test]
fn verification_without_a_root_certificate_is_a_usage_error() {
    let database = network::database();
    for mode in ["verify-ca", "verify-full"] {
        log_in(&database, "encrypted", &[("PGSSLMODE", mode)]).expect(2).says(&["need sslrootcert"]);
    }
    let missing = [("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", "/nowhere/root.crt")];
    log_in(&database, "encrypted", &missing).expect(2).says(&["\"/nowhere/root.crt\""]);
}

#[test]
fn a_certificate_of_the_clients_own_logs_it_in() {
    let database = network::database();
    let [certificate, key] = Authority::shared().sign("certified");
    let mut command = network::status(&database, "certified");
    command.env("PGSSLCERT", &certificate).env("PGSSLKEY", &key);
    Running::start(command).wait().expect(0);
    let without = log_in(&database, "certified", &[("PGSSLMODE", "require")]);
    without.expect(1).says(&["28000: connection requires a valid client certificate"]);
}

#[test]
fn a_batch_over_tls_can_be_cancelled_on_the_server() {
    let database = network::database();
    database.execute("INSERT INTO ticket SELECT generate_series(1, 100), gen_random_uuid(); CREATE TABLE leaked AS TABLE ticket");
    let lock = Lock::ticket(&database, 60);
    let mut command = database.driver(&["run", "--batch", "50"]);
    command.env("PGHOST", "127.0.0.1").env("PGUSER", "encrypted").env("PGPASSWORD", PASSWORD);
    let running = Running::start(command);
    wait_for_blocked(&database, 1);
    running.signal(libc::SIGTERM);
    running.wait_for_stderr("stopping");
    running.signal(libc::SIGTERM);
    running.wait().expect(143).says(&["cancelling on the server"]);
    drop(lock);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 50);
}

fn with_key(database: &Database, files: &[PathBuf; 2], more: &str) -> Ended {
    let port = database.server.variable("PGPORT");
    let [certificate, key] = files.each_ref().map(|file| file.display().to_string());
    let text = format!(
        "host=127.0.0.1 port={port} user=certified dbname={} sslcert={certificate} sslkey={key} {more}",
        database.name
    );
    Running::start(database.driver(&["status", "--url", &text])).wait()
}

/// Another form of the key, beside it.
fn converted(key: &Path, arguments: &str) -> PathBuf {
    let folder = key.parent().expect("it lies in a folder");
    let form = key.with_extension(format!("{}.key", arguments.len()));
    openssl(folder, &format!("{arguments} -in {} -out {}", key.display(), form.display()));
    fs::set_permissions(&form, fs::Permissions::from_mode(0o600)).expect("the mode can be set");
    form
}

#[test]
fn a_key_may_be_pkcs8_pkcs1_or_sec1_and_in_der() {
    let database = network::database();
    for (kind, first_line) in
        [(RSA, "-----BEGIN RSA PRIVATE KEY-----"), (EC, "-----BEGIN EC PRIVATE KEY-----")]
    {
        let [certificate, key] = Authority::shared().sign_key(kind, "certified");
        let old = converted(&key, "pkey -traditional");
        assert!(fs::read_to_string(&old).expect("openssl made it").starts_with(first_line));
        for form in [converted(&key, "pkey -outform DER"), old, key] {
            with_key(&database, &[certificate.clone(), form], "").expect(0);
        }
    }
}

#[test]
fn an_encrypted_key_takes_sslpassword_and_is_not_asked_for_at_the_terminal() {
    let database = network::database();
    let [certificate, key] = Authority::shared().sign_key(RSA, "certified");
    for form in ["pkcs8 -topk8 -passout pass:hidden", "pkey -aes256 -traditional -passout pass:hidden"] {
        let files = [certificate.clone(), converted(&key, form)];
        with_key(&database, &files, "sslpassword=hidden").expect(0);
        let decrypt = "openssl pkcs8 -topk8 -nocrypt -in KEY";
        with_key(&database, &files, "").expect(2).says(&["it is encrypted", decrypt]);
        let ended = with_key(&database, &files, "sslpassword=hidden-too").expect(2);
        let ended = ended.says(&["sslpassword does not decrypt it", decrypt]);
        assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    }
}

#[test]
fn a_certificate_without_a_key_and_a_key_that_others_can_read_are_refused() {
    let database = network::database();
    let [certificate, key] = Authority::shared().sign("certified");
    let alone = [("PGSSLCERT", certificate.to_str().expect("a plain path"))];
    log_in(&database, "certified", &alone).expect(2).says(&["sslcert is there, and its key is not"]);
    let alone = [("PGSSLKEY", key.to_str().expect("a plain path"))];
    log_in(&database, "certified", &alone).expect(2).says(&["sslkey is given, and its certificate is not"]);
    let files = [certificate.clone(), certificate];
    with_key(&database, &files, "").expect(2).says(&["others can read it", "HINT: Run chmod 0600 on it."]);
    fs::set_permissions(&files[1], fs::Permissions::from_mode(0o600)).expect("the mode can be set");
    with_key(&database, &files, "").expect(2).says(&["no private key is found in it"]);
    let ended =
        with_key(&database, &[files[0].clone(), key], "sslmode=require sslcertmode=disable").expect(1);
    ended.says(&["connection requires a valid client certificate"]);
}

/// The server speaks TLS 1.2 at most.
#[test]
fn the_versions_of_tls_are_kept_to() {
    let database = network::database();
    let lowest = |version| {
        log_in(&database, "encrypted", &[("PGSSLMODE", "require"), ("PGSSLMINPROTOCOLVERSION", version)])
    };
    lowest("TLSv1.2").expect(0);
    lowest("TLSv1.3").expect(1).says(&["no TLS connection to 127.0.0.1"]);
    lowest("TLSv9").expect(2).says(&["is none of TLSv1.2, TLSv1, TLSv1.1, TLSv1.3"]);
    let highest = [("PGSSLMAXPROTOCOLVERSION", "TLSv1.1")];
    log_in(&database, "encrypted", &highest).expect(2).says(&["is below ssl_min_protocol_version"]);
}

#[test]
fn what_libpq_would_protect_by_is_refused_where_it_cannot_be_done() {
    let database = network::database();
    for (variable, value) in [
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGREQUIREPEER", "postgres"),
        ("PGREQUIRESSL", "1"),
        ("PGSSLCRL", "/etc/revoked.pem"),
        ("PGSSLCRLDIR", "/etc/revoked"),
        ("PGSSLCERTMODE", "require"),
        ("PGGSSENCMODE", "require"),
        ("PGMINPROTOCOLVERSION", "3.2"),
    ] {
        let ended = log_in(&database, "ann", &[(variable, value)]).expect(2);
        ended.says(&[&format!("({variable}) asks for a protection that cannot be given here"), "HINT: "]);
    }
}

#[test]
fn a_list_of_revoked_certificates_in_libpqs_place_is_refused() {
    let database = network::database();
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".postgresql");
    fs::create_dir(&folder).expect("the folder can be made");
    fs::copy(Authority::shared().certificate(), folder.join("root.crt")).expect("the file can be copied");
    let variables = [("PGSSLMODE", "verify-ca"), ("HOME", home.path().to_str().expect("a plain path"))];
    log_in(&database, "encrypted", &variables).expect(0);
    fs::write(folder.join("root.crl"), "").expect("the file can be written");
    log_in(&database, "encrypted", &variables)
        .expect(2)
        .says(&["root.crl\" is there, and revocation lists are not read"]);
}

fn alone(text: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["-i", DRIVER, "status", "--url", text]);
    command
}

/// What a client says first, by which a direct start of TLS is known.
#[test]
fn tls_may_begin_directly_and_without_the_servers_name() {
    for (server_name, sent) in [("1", true), ("0", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        let text = format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user=ann sslmode=require sslnegotiation=direct \
             sslsni={server_name} connect_timeout=2"
        );
        let running = Running::start(alone(&text));
        let mut first = vec![0; 2048];
        let (mut client, _) = listener.accept().expect("the driver connects");
        let length = client.read(&mut first).expect("it speaks first");
        let holds = |text: &str| first[..length].windows(text.len()).any(|part| part == text.as_bytes());
        assert_eq!(first[0], 0x16, "a TLS handshake, not PostgreSQL's request for one");
        assert!(holds("postgresql"), "ALPN");
        assert_eq!(holds("localhost"), sent);
        drop(client);
        running.wait().expect(1);
    }
    let weak = "host=localhost sslnegotiation=direct sslmode=prefer";
    let ended = Running::start(alone(weak)).wait().expect(2);
    ended.says(&["sslnegotiation direct takes sslmode require or a stronger one"]);
}
