//! Transactions that are older than the run, and what they write when.

use super::{call, finish, holding, refusal, state, verified, with_leaked_token, with_tickets};
use crate::common::{Database, Server};

fn rotate_all(database: &Database) {
    let mut session = database.connect();
    assert_eq!(call(&mut session, "rotate_ticket_tokens(NULL, 10)").expect("a batch"), Some(10));
}

/// The 11th ticket is in flight when the run starts, and leaked.
const IN_FLIGHT: &str = "INSERT INTO ticket VALUES (11, '00000000-0000-4000-8000-000000000011')";
const ITS_TOKEN: &str = "ticket WHERE token = '00000000-0000-4000-8000-000000000011'";

/// On a server where nothing else goes on: the writer's transaction id is the last one that was drawn.
#[test]
fn the_writer_that_drew_the_last_transaction_id_is_waited_for() {
    let server = Server::start("quiet", &["fsync=off", "autovacuum=off"]);
    let database = Database::create_on(&server);
    super::make_tickets(&database, 10);
    let mut writer = holding(&database, IN_FLIGHT);
    let mut session = database.connect();
    session.batch_execute("SELECT start_ticket_rotation(); SET statement_timeout = '1s'").unwrap();
    call(&mut session, "rotate_ticket_tokens(NULL, 20)").expect("a batch");
    assert!(
        refusal(call(&mut session, "rotate_ticket_tokens(NULL, 20)")).starts_with("57014"),
        "the run waits"
    );
    writer.batch_execute("COMMIT").unwrap();
    finish(&database);
    assert_eq!((database.count(ITS_TOKEN), verified(&database)), (0, "true".into()));
}

#[test]
fn what_an_older_transaction_writes_in_whatever_way_is_rotated() {
    let ways = [
        IN_FLIGHT.to_owned(),
        format!(
            "SAVEPOINT a; INSERT INTO ticket VALUES (12); ROLLBACK TO a; SAVEPOINT b; {IN_FLIGHT}; RELEASE b"
        ),
        format!("DO $$BEGIN BEGIN {IN_FLIGHT}; EXCEPTION WHEN unique_violation THEN NULL; END; END$$"),
        format!("DELETE FROM ticket WHERE id = 5; {IN_FLIGHT}; UPDATE ticket SET id = 5 WHERE id = 11"),
        format!(
            "CREATE TEMPORARY TABLE load AS TABLE ticket WITH NO DATA; {}; COPY ticket FROM PROGRAM 'true'; INSERT INTO ticket TABLE load",
            IN_FLIGHT.replace("ticket", "load")
        ),
        format!("{IN_FLIGHT} ON CONFLICT (id) DO UPDATE SET token = excluded.token"),
        "MERGE INTO ticket USING (SELECT 11 AS id) AS new ON ticket.id = new.id
         WHEN NOT MATCHED THEN INSERT VALUES (11, '00000000-0000-4000-8000-000000000011')"
            .to_owned(),
    ];
    for way in ways {
        for ends in ["COMMIT", "PREPARE TRANSACTION 'late_writer'"] {
            if ends != "COMMIT" && way.contains("TEMPORARY") {
                continue;
            }
            let database = with_tickets(10);
            if way.starts_with("MERGE") && !database.is_at_least(15) {
                continue;
            }
            let mut writer = holding(&database.administrator(), &way);
            database.one("SELECT start_ticket_rotation()");
            let mut first = database.connect();
            assert!(call(&mut first, "rotate_ticket_tokens(NULL, 4)").expect("a batch").is_some(), "{way}");
            writer.batch_execute(ends).unwrap();
            if ends != "COMMIT" {
                writer.batch_execute("COMMIT PREPARED 'late_writer'").unwrap();
            }
            finish(&database);
            assert_eq!((database.count(ITS_TOKEN), verified(&database)), (0, "true".into()), "{way}");
        }
    }
}

/// It has written nothing to the table while the run went on. Its tokens are younger than the run.
#[test]
fn what_an_older_transaction_inserts_after_the_end_leaves_the_run_verified() {
    let ways = [
        "INSERT INTO ticket VALUES (-5), (20)",
        "SAVEPOINT a; INSERT INTO ticket VALUES (-5), (20); RELEASE a",
        "DO $$BEGIN INSERT INTO ticket VALUES (-5), (20); EXCEPTION WHEN unique_violation THEN NULL; END$$",
        "DO $$BEGIN FOR i IN -50..-1 LOOP BEGIN INSERT INTO ticket VALUES (i); EXCEPTION WHEN others THEN NULL; END; END LOOP; END$$",
        "UPDATE ticket SET id = -id WHERE id = 3",
        "DELETE FROM ticket WHERE id = 3; INSERT INTO ticket VALUES (3)",
    ];
    for way in ways {
        for ends in ["COMMIT", "PREPARE TRANSACTION 'after_the_end'; COMMIT PREPARED 'after_the_end'"] {
            let database = with_tickets(10);
            let mut writer = holding(&database, "SAVEPOINT first; SELECT pg_current_xact_id()");
            rotate_all(&database);
            finish(&database);
            assert_eq!(verified(&database), "true");
            writer.batch_execute(way).unwrap();
            assert_eq!(verified(&database), "true", "before the end of {way}");
            ends.split("; ").for_each(|end| writer.batch_execute(end).unwrap());
            assert_eq!(verified(&database), "true", "{way}");
        }
    }
}

/// In the writer's own transaction too, whatever its subtransactions.
#[test]
fn a_transaction_that_has_inserted_since_sees_the_run_verified() {
    let database = with_tickets(10);
    rotate_all(&database);
    finish(&database);
    let mut writer = holding(
        &database,
        "DO $$BEGIN FOR i IN -50..-1 LOOP BEGIN INSERT INTO ticket VALUES (i); EXCEPTION WHEN others THEN NULL; END; END LOOP; END$$",
    );
    let row = writer
        .query_one("SELECT verified, not_rotated, created_since FROM verify_ticket_rotation()", &[])
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (true, 0_i64, 50_i64));
}

#[test]
fn a_prepared_writer_is_named_with_the_statement_that_ends_it() {
    for way in [
        IN_FLIGHT.to_owned(),
        format!("SAVEPOINT a; {IN_FLIGHT}; SAVEPOINT b; INSERT INTO ticket VALUES (12)"),
    ] {
        let database = with_tickets(10);
        database.execute(&format!("BEGIN; {way}; PREPARE TRANSACTION 'forgotten one'"));
        database.one("SELECT start_ticket_rotation()");
        let mut session = database.connect();
        let error = (0..10)
            .find_map(|_| call(&mut session, "rotate_ticket_tokens(NULL, 3)").err())
            .expect("it waits");
        let error = error.as_db_error().expect("an error of the server");
        assert_eq!(error.code().code(), "55P03", "{error:?}");
        assert!(error.hint().unwrap_or_default().contains("ROLLBACK PREPARED 'forgotten one'"), "{error:?}");
        database.execute("COMMIT PREPARED 'forgotten one'");
        finish(&database);
        assert_eq!((database.count(ITS_TOKEN), verified(&database)), (0, "true".into()));
    }
}

/// Two of them exchange the keys of their tickets, one before and one behind the batches.
#[test]
fn tickets_that_change_places_under_the_run_are_rotated() {
    let database = with_tickets(10);
    let mut writer = holding(&database, "UPDATE ticket SET note = 'seen' WHERE id = 9");
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    assert_eq!(database.one("SELECT rotate_ticket_tokens(NULL, 3)"), "3");
    writer
        .batch_execute(
            "UPDATE ticket SET id = 100 WHERE id = 2; UPDATE ticket SET id = 0 WHERE id = 9;
             UPDATE ticket SET id = 9 WHERE id = 100; COMMIT",
        )
        .unwrap();
    finish(&database);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
    assert_eq!(
        (state(&database), verified(&database), with_leaked_token(&database)),
        ("finished".into(), "true".into(), String::new())
    );
}
