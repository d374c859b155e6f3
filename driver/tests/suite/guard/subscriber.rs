//! A logical subscriber that was rotated, and whose publisher goes on sending old tokens.

use super::{held_off, keep_live, live};
use crate::common::{Database, Server, poll};

#[test]
fn what_a_publisher_sends_keeps_the_live_tokens() {
    let server = Server::start("publisher", &["fsync=off", "wal_level=logical"]);
    let publisher = Database::create_on(&server);
    publisher.make_tickets(100);
    publisher
        .execute("ALTER TABLE ticket REPLICA IDENTITY FULL; CREATE PUBLICATION tickets FOR TABLE ticket");
    publisher.administrator().one("SELECT pg_create_logical_replication_slot('tickets', 'pgoutput')");
    let subscriber = Database::create_on(&server);
    subscriber.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid, created_at timestamptz);
         CREATE TABLE leaked (id bigint, token uuid)",
    );
    let rows =
        publisher.one("SELECT string_agg(format('(%s, %L, %L)', id, token, created_at), ',') FROM ticket");
    subscriber.execute(&format!(
        "INSERT INTO ticket VALUES {rows}; INSERT INTO leaked SELECT id, token FROM ticket"
    ));
    subscriber.complete(&["run", "--guard"]);
    keep_live(&subscriber);
    let connection = format!("host={} dbname={}", server.variable("PGHOST"), publisher.name);
    subscriber.administrator().execute(&format!(
        "CREATE SUBSCRIPTION tickets CONNECTION '{connection} user=postgres' PUBLICATION tickets
         WITH (create_slot = false, slot_name = 'tickets', copy_data = false)"
    ));
    publisher.execute(
        "UPDATE ticket SET created_at = 'epoch';
         DELETE FROM ticket WHERE id > 90;
         INSERT INTO ticket (id, token, created_at) SELECT id, token, 'epoch' FROM leaked WHERE id > 90",
    );
    poll("the changes to arrive", || subscriber.count("ticket WHERE created_at = 'epoch'") == 100);
    assert_eq!(live(&subscriber), 90);
    assert_eq!(subscriber.count("ticket JOIN leaked USING (token)"), 0);
    assert_eq!(held_off(&subscriber), 110);
    subscriber.administrator().execute("DROP SUBSCRIPTION tickets");
}
