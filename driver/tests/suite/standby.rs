//! A server in recovery.

use crate::common::{Database, Server, oracle};

#[test]
fn a_standby_refuses_and_points_to_the_primary() {
    let server = Server::start("standby", &[]);
    let database = Database::create_on(&server);
    database.make_tickets(100);
    database.one("SELECT rotate_ticket_tokens(0, 40)");
    server.write("standby.signal", "");
    server.restart("fast");
    assert_eq!(database.one("SELECT pg_is_in_recovery()"), "true");
    database
        .end(&["run"], 1)
        .says(&["25006: cannot rotate tokens on a standby", "HINT: Connect to the primary."]);
    let refused =
        ["25006", "HINT: This session is read-only, as on a standby: connect to the primary server."];
    database.end(&["init"], 1).says(&refused);
    for command in ["pause", "resume", "cancel"] {
        database.end(&[command], 1).says(&["25006: cannot rotate tokens on a standby"]);
    }
    let status = database.complete(&["status"]).stdout;
    assert!(status.contains("40.00 % (40 of 100)"), "{status}");
}

#[test]
fn a_run_goes_on_where_its_standby_was_promoted() {
    let server = Server::start("promoted", &[]);
    let database = Database::create_on(&server);
    database.make_tickets(100);
    oracle::watch(&database);
    database.one("SELECT rotate_ticket_tokens(0, 40)");
    server.write("standby.signal", "");
    server.restart("fast");
    database.end(&["run"], 1);
    server.promote();
    assert_eq!(database.one("SELECT pg_is_in_recovery()"), "false");
    database.complete(&["run", "--batch", "20"]);
    oracle::assert_rotated_once(&database);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}
