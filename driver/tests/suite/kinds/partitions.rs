//! What is done to single partitions, which the lock of the whole table does not hold off.

use super::{Waiting, call, finish, holding, refusal, state, verified};
use crate::common::{Database, Server};

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";

/// Tickets 1 to 5 in the first part, 6 to 10 in the second.
fn partitioned() -> Database<'static> {
    let database = Database::create();
    make_partitions(&database);
    database
}

fn make_partitions(database: &Database) {
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid(), note text) PARTITION BY RANGE (id);
         CREATE TABLE first_part PARTITION OF ticket FOR VALUES FROM (0) TO (6);
         CREATE TABLE second_part PARTITION OF ticket FOR VALUES FROM (6) TO (11);
         INSERT INTO ticket (id) SELECT generate_series(1, 10);
         CREATE TABLE leaked AS SELECT id, token FROM ticket;
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.token := OLD.token; RETURN NEW; END';
         CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN
                  IF pg_trigger_depth() = 1 THEN
                      UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7;
                  END IF;
                  RETURN NULL;
              END';
         SELECT start_ticket_rotation(ranges => 1)",
    );
}

const TRIGGERS: [&str; 4] = [
    "CREATE TRIGGER t BEFORE UPDATE ON second_part FOR EACH ROW EXECUTE FUNCTION keep()",
    "CREATE TRIGGER t BEFORE UPDATE ON second_part FOR EACH ROW EXECUTE FUNCTION skip()",
    "CREATE TRIGGER t AFTER UPDATE ON second_part FOR EACH ROW EXECUTE FUNCTION put_back()",
    "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON second_part DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW EXECUTE FUNCTION put_back()",
];

#[test]
fn a_trigger_of_a_partition_is_noticed_when_it_comes_while_the_call_waits() {
    for trigger in TRIGGERS {
        let database = partitioned();
        let mut session = database.connect();
        call(&mut session, BATCH).expect("the first part");
        let mut other = holding(&database, trigger);
        let waiting = Waiting::begin_in(&database, session, BATCH);
        other.batch_execute("COMMIT").unwrap();
        assert!(refusal(waiting.end()).starts_with("27000"), "{trigger}");
        database.execute("DROP TRIGGER t ON second_part");
        finish(&database);
        assert_eq!(verified(&database), "true", "{trigger}");
        assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0, "{trigger}");
    }
}

#[test]
fn a_trigger_that_came_and_went_between_two_batches_does_no_harm() {
    for trigger in TRIGGERS {
        let database = partitioned();
        let mut session = database.connect();
        call(&mut session, BATCH).expect("the first part");
        database.execute(trigger);
        assert!(refusal(call(&mut session, BATCH)).starts_with("27000"), "{trigger}");
        database.execute("ALTER TABLE second_part DISABLE TRIGGER t");
        assert_eq!(call(&mut session, BATCH).expect("the second part"), Some(10), "{trigger}");
        database.execute("ALTER TABLE second_part ENABLE TRIGGER t");
        finish(&database);
        assert_eq!(
            (verified(&database), database.count("ticket JOIN leaked USING (token)")),
            ("true".into(), 0)
        );
    }
}

/// With tickets of its own, and a trigger that keeps their tokens.
const ATTACH: &str = "
    CREATE TABLE third_part (LIKE ticket INCLUDING ALL);
    INSERT INTO third_part SELECT generate_series(-5, -1);
    INSERT INTO leaked SELECT id, token FROM third_part;
    ALTER TABLE ticket ATTACH PARTITION third_part FOR VALUES FROM (-10) TO (0)";
const WITH_TRIGGER: &str =
    "CREATE TRIGGER t BEFORE UPDATE ON third_part FOR EACH ROW EXECUTE FUNCTION keep()";

#[test]
fn a_partition_that_is_attached_meanwhile_is_swept() {
    for held in ["SELECT rotate_ticket_tokens(NULL, 1)", "SELECT FROM ticket WHERE id = 3 FOR UPDATE"] {
        let database = partitioned();
        let mut holder = holding(&database, held);
        let waiting = Waiting::begin(&database, BATCH);
        database.execute(ATTACH);
        holder.batch_execute("ROLLBACK").unwrap();
        if let Err(error) = waiting.end() {
            assert!(refusal::<()>(Err(error)).starts_with("40001"), "held by {held}");
        }
        finish(&database);
        assert_eq!(
            (verified(&database), database.count("ticket JOIN leaked USING (token)")),
            ("true".into(), 0)
        );
    }
}

#[test]
fn one_whose_trigger_keeps_its_tokens_does_not_pass_for_rotated() {
    for held in ["SELECT rotate_ticket_tokens(NULL, 1)", "SELECT FROM ticket WHERE id = 3 FOR UPDATE"] {
        let database = partitioned();
        let mut holder = holding(&database, held);
        let waiting = Waiting::begin(&database, BATCH);
        database.execute(&format!("{ATTACH}; {WITH_TRIGGER}"));
        holder.batch_execute("ROLLBACK").unwrap();
        let _ = waiting.end();
        let mut session = database.connect();
        let refused = (0..10).find_map(|_| call(&mut session, BATCH).err());
        assert!(refusal(refused.map_or(Ok(()), Err)).starts_with("27000"), "held by {held}");
        assert_eq!((state(&database), verified(&database)), ("active".into(), "false".into()));
    }
}

/// Nobody knows what was done to them meanwhile. On a server of its own: a transaction that is in progress anywhere
/// when the sweep begins makes younger tickets pass for new ones.
#[test]
fn tickets_that_are_attached_after_the_end_fail_the_verification() {
    let server = Server::start("attached", &["fsync=off", "autovacuum=off"]);
    let database = Database::create_on(&server);
    make_partitions(&database);
    database.execute("ALTER TABLE ticket DETACH PARTITION second_part");
    finish(&database);
    assert_eq!(verified(&database), "true");
    database.execute("ALTER TABLE ticket ATTACH PARTITION second_part FOR VALUES FROM (6) TO (11)");
    let evidence =
        "SELECT concat_ws(' ', verified, not_rotated, not_rotated_keys) FROM verify_ticket_rotation()";
    assert_eq!(database.one(evidence), "f 5 {6,7,8,9,10}");
}

#[test]
fn a_locked_partition_is_named_within_seconds() {
    let database = partitioned();
    let _holder = holding(&database, "LOCK TABLE second_part IN SHARE MODE");
    let error = call(&mut database.connect(), BATCH).expect_err("it cannot be updated");
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "55P03");
    assert!(error.detail().unwrap_or_default().contains("process"), "{error:?}");
}
