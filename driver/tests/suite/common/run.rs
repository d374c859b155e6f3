//! What another session sees of a run and does to it, and what the driver says.

use postgres::Client;

use super::database::{DRIVER, Database};
use super::process::{Ended, Running};

pub const SESSION: &str =
    "pg_stat_activity WHERE datname = current_database() AND application_name = 'rotate-driver'";
pub const TRYING: &str = "; trying again in ";

pub fn terminate(database: &Database) {
    database.one(&format!("SELECT count(pg_terminate_backend(pid)) FROM {SESSION}"));
}

pub fn batches(client: &mut Client) -> i64 {
    let row = client.query_one("SELECT count(*) FROM ticket_rotation_batch", &[]);
    row.expect("the ledger can be read").get(0)
}

/// The printed command, typed into a shell.
pub fn run_what_is_printed(ended: &Ended, database: &Database) -> String {
    let (_, printed) = ended.stderr.rsplit_once("continue with: ").expect("a command is printed");
    let printed = printed.trim();
    let arguments = printed.strip_prefix("rotate-driver").expect("the command is the driver's");
    let mut shell = database.command("sh");
    shell.args(["-c", &format!("{DRIVER} {arguments}")]);
    Running::start(shell).wait().expect(0);
    printed.to_owned()
}
