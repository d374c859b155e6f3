//! The server goes down at once, in the middle of a batch.

use crate::database::Database;
use crate::lock::{Lock, wait_for_blocked};
use crate::oracle;
use crate::server::Server;

#[test]
fn a_run_continues_after_a_crash_of_the_server() {
    let server = Server::start("crash", &["synchronous_commit=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(3000);
    oracle::watch(&database);
    for id in [1210, 2030] {
        let lock = Lock::ticket(&database, id);
        let running = database.start(&["run", "--batch", "50"]);
        wait_for_blocked(&database, 1);
        server.restart("immediate");
        running.wait().expect(1).says(&["HINT: `rotate-driver run` with the same options continues"]);
        drop(lock);
    }
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}
