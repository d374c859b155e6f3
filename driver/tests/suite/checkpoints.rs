//! What a run says of a server whose checkpoints come too often.

use crate::common::{Database, Server};

#[test]
fn frequent_checkpoints_are_worth_advice_once() {
    let server = Server::start("checkpoints", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(1000);
    database.slow_down(100);
    let running = database.start(&["run", "--batch", "10", "--workers", "1"]);
    running.wait_for_stdout("completed: ");
    for _ in 0..4 {
        database.administrator().execute("CHECKPOINT; SELECT pg_sleep(1.2)");
    }
    let stderr = running.wait().expect(0).stderr;
    let advice = "max_wal_size is 1GB; if the disk has room, in SQL: ALTER SYSTEM SET max_wal_size = '16GB';";
    assert_eq!(stderr.matches(advice).count(), 1, "{stderr}");
}
