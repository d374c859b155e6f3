//! Tickets that go, come back and change their keys under a batch that waits for one of them.

use super::{Waiting, finish, holding, verified, with_tickets};
use crate::common::Database;

const BATCH: &str = "rotate_ticket_tokens(NULL, 6)";

/// What the application does to the tickets that the batch is about to rotate; ticket 3 makes it wait.
const MOVES: [&str; 9] = [
    "DELETE FROM ticket WHERE id = 3; INSERT INTO ticket TABLE leaked_3",
    "DELETE FROM ticket WHERE id = 3; INSERT INTO ticket TABLE leaked_3; INSERT INTO ticket VALUES (-1)",
    "DELETE FROM ticket WHERE id IN (3, 4); INSERT INTO ticket TABLE leaked_3; INSERT INTO ticket VALUES (4), (0)",
    "UPDATE ticket SET id = 100 WHERE id = 3; UPDATE ticket SET id = 3 WHERE id = 9",
    "UPDATE ticket SET id = 0 WHERE id = 3",
    "UPDATE ticket SET id = -3 WHERE id = 3; INSERT INTO ticket VALUES (3)",
    "UPDATE ticket SET id = 300 + id WHERE id IN (3, 4, 5); UPDATE ticket SET id = id - 300 WHERE id > 300",
    "UPDATE ticket SET token = gen_random_uuid() WHERE id = 3; UPDATE ticket SET note = 'seen' WHERE id = 4",
    "UPDATE ticket SET note = 'seen' WHERE id > 2",
];

/// Each token that there was is retired, each ticket that is left has its entry, and the run says so.
fn rotate_beside(database: &Database, moves: &str) {
    database.execute("CREATE TABLE leaked_3 AS SELECT * FROM ticket WHERE id = 3");
    database.execute("INSERT INTO ticket VALUES (200)");
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    let mut application = holding(database, "SELECT FROM ticket WHERE id = 3 FOR UPDATE");
    let waiting = Waiting::begin(database, BATCH);
    application.batch_execute(moves).unwrap();
    application.batch_execute("COMMIT").unwrap();
    waiting.end().expect("a batch");
    finish(database);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0, "{moves}");
    assert_eq!(verified(database), "true", "{moves}");
    let without_entry = "ticket WHERE id NOT IN (SELECT unnest(keys) FROM ticket_rotation_batch)";
    assert_eq!(database.count(without_entry), 0, "{moves}");
    let digests = "(SELECT unnest(digests) AS digest FROM ticket_rotation_batch) AS entry
         JOIN ticket ON digest = ticket_token_digest(token)";
    assert_eq!(database.count(digests), 0, "{moves}");
}

#[test]
fn tickets_that_move_under_a_batch_are_rotated_where_they_are() {
    for moves in MOVES {
        rotate_beside(&with_tickets(10), moves);
    }
}

#[test]
fn they_are_where_triggers_fire() {
    for moves in MOVES {
        let database = with_tickets(10);
        database.execute(
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER see BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION see()",
        );
        rotate_beside(&database, moves);
    }
}

#[test]
fn a_ticket_that_changes_under_its_batch_is_part_of_it_all_the_same() {
    for change in ["token = gen_random_uuid()", "note = 'seen'"] {
        let database = with_tickets(10);
        database.one("SELECT start_ticket_rotation(ranges => 1)");
        let mut application = holding(&database, "SELECT FROM ticket WHERE id = 3 FOR UPDATE");
        let waiting = Waiting::begin(&database, BATCH);
        application.batch_execute(&format!("UPDATE ticket SET {change} WHERE id = 3; COMMIT")).unwrap();
        waiting.end().expect("a batch");
        assert_eq!(database.one("SELECT keys::text FROM ticket_rotation_batch"), "{1,2,3,4,5,6}", "{change}");
    }
}

#[test]
fn a_bulk_load_does_not_make_the_batch_that_waits_larger() {
    for trigger in ["", "CREATE TRIGGER see AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION see()"] {
        let database = with_tickets(10);
        database.execute(
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             UPDATE ticket SET id = id * 1000; UPDATE leaked SET id = id * 1000",
        );
        database.execute(trigger);
        database.one("SELECT start_ticket_rotation(ranges => 1)");
        let mut load = holding(&database, "SELECT FROM ticket WHERE id = 3000 FOR UPDATE");
        let waiting = Waiting::begin(&database, BATCH);
        load.batch_execute("INSERT INTO ticket SELECT generate_series(1, 999); COMMIT").unwrap();
        waiting.end().expect("a batch");
        finish(&database);
        assert_eq!(database.one("SELECT max(tickets) FROM ticket_rotation_batch"), "10", "{trigger}");
        assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "1009", "{trigger}");
        assert_eq!(verified(&database), "true", "{trigger}");
    }
}
