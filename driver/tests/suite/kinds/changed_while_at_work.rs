//! What the lock of a table does not hold off: names of schemas, roles, children, partitions. It changes while a batch
//! that has the lock waits for its range or for a ticket.

use super::{Waiting, call, finish, holding, refusal, verified, with_leaked_token, with_tickets};
use crate::common::{Database, Edition};

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";
const RANGE: &str = "SELECT rotate_ticket_tokens(NULL, 1)";
const TICKET: &str = "SELECT FROM ticket WHERE id = 1 FOR UPDATE";

/// The batch waits for what another session holds, and goes on when the change is committed.
fn rotate_while(database: &Database, held: &str, change: &str) -> Result<Option<i64>, postgres::Error> {
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    let mut holder = holding(database, held);
    let waiting = Waiting::begin(database, BATCH);
    database.execute(change);
    holder.batch_execute("ROLLBACK").expect("the holder lets go");
    waiting.end()
}

/// Nobody locks a schema to rename it. Its name in all statements to come leads to another table then.
#[test]
fn a_schema_that_is_swapped_meanwhile_leads_to_no_other_table() {
    for held in [RANGE, TICKET] {
        let database = with_tickets(10);
        database.execute(&format!(
            "CREATE SCHEMA app; CREATE SCHEMA other; ALTER TABLE ticket SET SCHEMA app;
             ALTER DATABASE {} SET search_path = app, public, ticket_ext;
             CREATE TABLE other.ticket (LIKE app.ticket INCLUDING ALL); INSERT INTO other.ticket TABLE app.ticket",
            database.name
        ));
        let swap = "ALTER SCHEMA app RENAME TO former; ALTER SCHEMA other RENAME TO app";
        let result = rotate_while(&database, held, swap);
        let others = database.count("app.ticket JOIN leaked USING (id, token)");
        assert_eq!(others, 10, "held by {held}: tickets of another table were rotated, {result:?}");
    }
}

#[test]
fn a_child_table_that_comes_meanwhile_gets_tokens_of_its_own() {
    for held in [RANGE, TICKET] {
        let database = with_tickets(10);
        let child = "CREATE TABLE child () INHERITS (ticket); INSERT INTO child SELECT id, token FROM leaked WHERE id < 5";
        let _ = rotate_while(&database, held, child);
        assert_eq!(
            database.count(
                "(SELECT token FROM ticket GROUP BY token HAVING count(*) > 1 AND count(*) <> 2) AS shared"
            ),
            0
        );
        assert!(refusal(call(&mut database.connect(), BATCH)).starts_with("0A000"), "held by {held}");
    }
}

#[test]
fn grants_that_are_revoked_meanwhile_end_the_batch() {
    let database = with_tickets(10);
    database.execute(&format!(
        "CREATE ROLE {0}_r ROLE {1}; {2} GRANT SELECT, UPDATE ON ticket TO {0}_r; GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO {0}_r;
         GRANT EXECUTE ON FUNCTION start_ticket_rotation TO {0}_r; SELECT start_ticket_rotation(ranges => 1)",
        database.name,
        database.role,
        database.edition().grant_ledger(&format!("{}_r", database.name)),
    ));
    let mut holder = holding(&database, RANGE);
    let mut session = database.connect();
    session.batch_execute(&format!("SET ROLE {}_r", database.name)).unwrap();
    let waiting = Waiting::begin_in(&database, session, BATCH);
    database.execute(&format!("REVOKE UPDATE ON ticket FROM {}_r", database.name));
    holder.batch_execute("ROLLBACK").unwrap();
    assert!(refusal(waiting.end()).starts_with("42501"));
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
}

#[test]
fn a_role_that_loses_its_bypass_meanwhile_skips_nobody() {
    let database = with_tickets(10);
    let role = format!("{}_b", database.name);
    let (member, grants) = (&database.role, database.edition().grant_ledger(&role));
    database.administrator().execute(&format!(
        "CREATE ROLE {role} BYPASSRLS ROLE {member}; {grants} GRANT SELECT, UPDATE ON ticket TO {role};
         GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO {role};
         CREATE POLICY even ON ticket USING (id % 2 = 0); ALTER TABLE ticket ENABLE ROW LEVEL SECURITY"
    ));
    let mut session = database.connect();
    session.batch_execute(&format!("SET ROLE {role}")).unwrap();
    call(&mut session, "rotate_ticket_tokens(NULL, 4)").expect("a batch");
    // The new schema lets the server make its plans anew, now by the policies.
    database.administrator().execute(&format!("ALTER ROLE {role} NOBYPASSRLS; CREATE SCHEMA another"));
    let refusal = refusal(call(&mut session, BATCH));
    assert!(refusal.starts_with("42501 row-level security"), "{refusal}");
    assert_eq!(with_leaked_token(&database), "5 6 7 8 9 10");
}

#[test]
fn a_trigger_function_that_is_replaced_meanwhile_is_found_out() {
    for held in [RANGE, TICKET] {
        let database = with_tickets(10);
        let function = |body: &str| {
            format!(
                "CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body} RETURN NEW; END'"
            )
        };
        database.execute(&format!(
            "{}; CREATE TRIGGER act BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION act()",
            function("")
        ));
        let result = rotate_while(&database, held, &function("NEW.token := OLD.token;"));
        if database.edition() == Edition::Plain && result.is_ok() {
            // A session that holds all locks hears of no change: it goes on with the function that it knows.
            assert_eq!(with_leaked_token(&database), "6 7 8 9 10", "held by {held}");
        } else {
            assert!(refusal(result).starts_with("27000"), "held by {held}");
        }
        database.execute(&function(""));
        finish(&database);
        assert_eq!((with_leaked_token(&database), verified(&database)), (String::new(), "true".into()));
    }
}
