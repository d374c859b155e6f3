//! sslmode as libpq has it. The server takes `encrypted` over TLS only, and `plain` without TLS only.

use super::network::{self, Authority, PASSWORD};
use crate::common::{Database, Ended, Lock, Running, wait_for_blocked};

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
