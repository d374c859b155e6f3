//! A server as its owner meets it where somebody else manages it: no superuser, no extension, functions that are
//! refused, a short time limit, and a pooler in transaction mode before it.

use libc::SIGINT;
use postgres::Client;

use crate::common::{Database, Edition, Pooler, Running, Server, oracle, poll, terminate};

const REFUSED: [&str; 3] = ["pg_control_checkpoint()", "pg_control_system()", "pg_current_wal_lsn()"];

fn managed(tickets: u32) -> Database<'static> {
    let database = Database::create_with(Edition::Plain, Server::shared());
    database.make_tickets(tickets);
    oracle::watch(&database);
    database.slow_down(10);
    let administrator = Database::named(database.server, &database.name);
    for function in REFUSED {
        administrator.execute(&format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"));
    }
    let (role, name) = (&database.role, &database.name);
    administrator.execute(&format!("ALTER ROLE {role} IN DATABASE {name} SET statement_timeout = '2s'"));
    database
}

/// Or until the driver has ended, which then tells why.
fn wait_for_batches(running: &mut Running, database: &Database, batches: i64) {
    poll("some batches", || database.count("ticket_rotation_batch") >= batches || !running.is_running());
}

#[test]
fn a_run_is_interrupted_goes_on_is_disturbed_and_verified() {
    let database = managed(5000);
    let Some(pooler) = Pooler::before_as(database.server, &database.role) else { return };
    let start = |arguments: &[&str]| Running::start(pooler.driver(&database, arguments));
    let mut running = start(&["run", "--batch", "50"]);
    wait_for_batches(&mut running, &database, 10);
    running.signal(SIGINT);
    running.wait().expect(130);
    let mut running = start(&["run", "--batch", "50"]);
    wait_for_batches(&mut running, &database, 30);
    terminate(&database);
    running.wait().expect(0).says(&["cannot see"]);
    oracle::assert_rotated_once(&database);
    start(&["verify"]).wait().expect(0);
    start(&["guard", "on"]).wait().expect(0);
    start(&["status"]).wait().expect(0);
}

/// A run, with a transaction older than it that is about to insert a ticket.
fn run_behind_a_writer(database: &Database) -> (Client, Running) {
    let mut writer = database.connect();
    writer.batch_execute("BEGIN; INSERT INTO ticket (id) VALUES (1000)").expect("a ticket is inserted");
    database.one("SELECT start_ticket_rotation()");
    (writer, database.start(&["run"]))
}

#[test]
fn a_server_that_does_not_tell_its_cluster_waits_for_transactions_older_than_its_run() {
    let database = managed(20);
    let (mut writer, running) = run_behind_a_writer(&database);
    running.wait_for_stderr("waits for transactions older than it");
    writer.batch_execute("COMMIT").expect("the ticket is committed");
    running.wait().expect(0);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_server_that_does_not_tell_its_cluster_knows_a_restored_run_by_its_ledger() {
    let database = managed(20);
    let (_writer, running) = run_behind_a_writer(&database);
    running.wait_for_stderr("waits for transactions older than it");
    database.execute("UPDATE ticket_rotation SET ledger_identity = '1/2/3'");
    running.wait().expect(0);
}
