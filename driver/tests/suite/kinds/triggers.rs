//! Triggers that keep or put back old tokens, and where they hide. A run that they withhold tokens from is refused at
//! the batch, or it is never verified.

use postgres::{Client, Error};

use super::{call, finish, holding, refusal, state, verified, with_leaked_token, with_tickets};
use crate::common::{Database, Edition};

const BATCH: &str = "rotate_ticket_tokens(NULL, 10)";

fn with_function(body: &str) -> Database<'static> {
    let database = with_tickets(10);
    database.execute(&format!(
        "CREATE TABLE audit (id bigint); CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;
         CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
             UPDATE ticket SET token = leaked.token FROM leaked
             WHERE leaked.id = ticket.id AND leaked.token <> ticket.token AND ticket.id = 3;
             RETURN NULL;
         END$$"
    ));
    database
}

/// All old tokens are as they were, and the call says which ones would have been kept.
#[track_caller]
fn assert_refused(database: &Database) {
    let refusal = refusal(call(&mut database.connect(), BATCH));
    assert!(refusal.starts_with("27000"), "{refusal}");
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
}

/// The batch is refused, or the run ends without an old token.
#[track_caller]
fn assert_honest(database: &Database, session: &mut Client, kind: &str) {
    match rotate_all(session) {
        Err(error) => assert!(refusal::<()>(Err(error)).starts_with("27000"), "{kind}"),
        Ok(()) => assert_eq!(
            (with_leaked_token(database), verified(database)),
            (String::new(), "true".into()),
            "{kind}"
        ),
    }
}

fn rotate_all(session: &mut Client) -> Result<(), Error> {
    for _ in 0..20 {
        if call(session, BATCH)?.is_none() {
            return Ok(());
        }
    }
    panic!("the calls come to no end");
}

#[test]
fn tokens_that_are_kept_by_whatever_kind_of_trigger_are_found_out() {
    let kinds = [
        ("NEW.token := OLD.token; RETURN NEW;", "TRIGGER t BEFORE UPDATE ON ticket FOR EACH ROW"),
        (
            "NEW.token := OLD.token; RETURN NEW;",
            "TRIGGER t BEFORE UPDATE OF token ON ticket FOR EACH ROW WHEN (OLD.id = 3)",
        ),
        (
            "RETURN NULL;",
            "TRIGGER t BEFORE UPDATE ON ticket FOR EACH ROW WHEN (OLD.token IS DISTINCT FROM NEW.token)",
        ),
        (
            "NEW.id := -OLD.id; NEW.token := OLD.token; RETURN NEW;",
            "TRIGGER t BEFORE UPDATE ON ticket FOR EACH ROW",
        ),
    ];
    for (body, trigger) in kinds {
        let database = with_function(body);
        database.execute(&format!("CREATE {trigger} EXECUTE FUNCTION act()"));
        assert_refused(&database);
    }
}

#[test]
fn tokens_that_are_put_back_from_wherever_are_found_out() {
    let kinds = [
        "CREATE TRIGGER t AFTER UPDATE ON ticket FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION put_back()",
        "CREATE TRIGGER t AFTER UPDATE OF token ON ticket FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND NEW.id = 9) EXECUTE FUNCTION put_back()",
        "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON ticket DEFERRABLE FOR EACH ROW WHEN (OLD.id = 9) EXECUTE FUNCTION put_back()",
        "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.id = 9) EXECUTE FUNCTION put_back()",
        "CREATE TRIGGER a AFTER UPDATE ON ticket FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION act();
         CREATE TRIGGER t AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION put_back()",
        "CREATE TRIGGER a AFTER UPDATE ON ticket FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION act();
         CREATE CONSTRAINT TRIGGER t AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION put_back()",
        "CREATE TABLE item (id bigint, token uuid); ALTER TABLE ticket ADD UNIQUE (token);
         INSERT INTO item TABLE leaked; ALTER TABLE item ADD FOREIGN KEY (token) REFERENCES ticket (token) ON UPDATE CASCADE;
         CREATE TRIGGER t AFTER UPDATE ON item FOR EACH ROW WHEN (NEW.id = 9) EXECUTE FUNCTION put_back()",
    ];
    for kind in kinds {
        let database = with_function("INSERT INTO audit VALUES (1); RETURN NULL;");
        database.execute(kind);
        assert_honest(&database, &mut database.connect(), kind);
    }
}

/// What it defers anew, while the batch makes it fire, comes after all comparisons. The evidence finds it, and where
/// the caller is a superuser the server does not let it.
#[test]
fn a_trigger_that_defers_to_the_very_end_is_not_verified() {
    let database =
        with_function("SET CONSTRAINTS ALL DEFERRED; INSERT INTO audit VALUES (TG_NARGS); RETURN NULL;");
    let owner = format!("{}_owner", database.name);
    let (member, grants) = (&database.role, database.edition().grant_ledger(&owner));
    database.administrator().execute(&format!(
        "CREATE CONSTRAINT TRIGGER a AFTER UPDATE ON ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
             WHEN (OLD.id = 3) EXECUTE FUNCTION act();
         CREATE CONSTRAINT TRIGGER b AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
             WHEN (NEW.id = 0) EXECUTE FUNCTION act('once more');
         CREATE CONSTRAINT TRIGGER t AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
             WHEN (NEW.id = 1) EXECUTE FUNCTION put_back();
         CREATE ROLE {owner} ROLE {member}; {grants} GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO {owner}; GRANT SELECT ON leaked TO {owner};
         ALTER TABLE ticket OWNER TO {owner}; ALTER TABLE audit OWNER TO {owner}"
    ));
    let mut session = database.connect();
    if database.edition() == Edition::Extension {
        assert!(refusal(call(&mut session, BATCH)).starts_with("42501 cannot fire deferred trigger"));
    }
    session.batch_execute(&format!("SET ROLE {owner}")).unwrap();
    rotate_all(&mut session).expect("nothing is noticed");
    assert_eq!((verified(&database), with_leaked_token(&database)), ("false".into(), "3".into()));
}

/// In one transaction with the batch, which its own COMMIT then finds out.
#[test]
fn constraints_that_the_caller_has_deferred_fire_within_the_batch() {
    let database = with_function("RETURN NULL;");
    database.execute(
        "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON ticket DEFERRABLE FOR EACH ROW WHEN (OLD.id = 9) EXECUTE FUNCTION put_back()",
    );
    let mut session = holding(&database, "SET CONSTRAINTS ALL DEFERRED");
    call(&mut session, BATCH).expect("the second go leaves the trigger nothing to do");
    session.batch_execute("COMMIT").unwrap();
    finish(&database);
    assert_eq!((verified(&database), with_leaked_token(&database)), ("true".into(), String::new()));
}

#[test]
fn a_trigger_that_comes_for_the_sweep_is_found_out_there() {
    let database = with_function("NEW.token := OLD.token; RETURN NEW;");
    let mut session = database.connect();
    call(&mut session, BATCH).expect("a batch");
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 3;
         CREATE TRIGGER t BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION act()",
    );
    assert!(refusal(call(&mut session, BATCH)).starts_with("27000"));
    assert_eq!((state(&database), verified(&database)), ("active".into(), "false".into()));
    database.execute("DROP TRIGGER t ON ticket");
    finish(&database);
    assert_eq!((verified(&database), with_leaked_token(&database)), ("true".into(), String::new()));
}

#[test]
fn a_trigger_that_moves_its_ticket_is_found_out() {
    for body in ["NEW.id := OLD.id + 100; RETURN NEW;", "NEW.id := OLD.id - 100; RETURN NEW;"] {
        let database = with_function(body);
        database.execute(
            "CREATE TRIGGER t BEFORE UPDATE ON ticket FOR EACH ROW WHEN (OLD.id = 5) EXECUTE FUNCTION act()",
        );
        assert_refused(&database);
    }
}
