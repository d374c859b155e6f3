//! What must hold after a run, however often it was interrupted and whoever took part in it. An AFTER trigger of
//! the table, which the extension knows nothing of, writes down each rotated id in the batch's own transaction.

use super::database::Database;

const AUDIT: &str = "
CREATE TABLE rotated (
    id bigint,
    transaction_id xid8 DEFAULT pg_current_xact_id(),
    backend integer DEFAULT pg_backend_pid()
);
CREATE INDEX ON rotated (id);
CREATE INDEX ON rotated (transaction_id);
CREATE TABLE deleted (id bigint PRIMARY KEY);
CREATE FUNCTION write_down_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.deleted VALUES (OLD.id) ON CONFLICT DO NOTHING; RETURN NULL; END';
CREATE TRIGGER audit_deleted AFTER DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION write_down_deleted();";

const BY_ROW: &str = "
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.rotated VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER audit AFTER UPDATE ON ticket FOR EACH ROW
    WHEN (OLD.token IS DISTINCT FROM NEW.token) EXECUTE FUNCTION write_down();";

const BY_STATEMENT: &str = "
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN
         INSERT INTO public.rotated SELECT id FROM before JOIN after USING (id)
             WHERE before.token IS DISTINCT FROM after.token;
         RETURN NULL;
     END';
CREATE TRIGGER audit AFTER UPDATE ON ticket REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION write_down();";

/// A violation, and the query that finds rows of it.
const VIOLATIONS: [(&str, &str); 13] = [
    (
        "lost",
        "FROM leaked WHERE NOT EXISTS (SELECT FROM ticket WHERE id = leaked.id)
         AND NOT EXISTS (SELECT FROM deleted WHERE id = leaked.id)",
    ),
    (
        "not rotated",
        "FROM leaked JOIN ticket USING (id) WHERE NOT EXISTS (SELECT FROM rotated WHERE id = leaked.id)",
    ),
    ("rotated twice", "FROM rotated GROUP BY id HAVING count(*) > 1"),
    ("has its leaked token", "FROM ticket JOIN leaked USING (id, token)"),
    ("has another's leaked token", "FROM ticket JOIN leaked USING (token)"),
    ("has no token", "FROM ticket WHERE token IS NULL"),
    ("shares a token", "FROM ticket GROUP BY token HAVING count(*) > 1"),
    (
        "batches do not tile",
        "FROM (SELECT run_id, after_id, last_id AS upper_id FROM ticket_rotation_batch WHERE NOT sweep
               EXCEPT SELECT run_id, lag(last_id, 1, -9223372036854775808) OVER run, last_id
               FROM ticket_rotation_batch WHERE NOT sweep WINDOW run AS (PARTITION BY run_id ORDER BY last_id)) AS misfit",
    ),
    (
        "ranges do not tile",
        "FROM (SELECT run_id, after_id, upper_id FROM ticket_rotation_range
               EXCEPT SELECT run_id, lag(upper_id, 1, -9223372036854775808) OVER run, upper_id
               FROM ticket_rotation_range WINDOW run AS (PARTITION BY run_id ORDER BY upper_id)) AS misfit",
    ),
    (
        "batch across ranges",
        "FROM ticket_rotation_batch AS b WHERE NOT sweep AND NOT EXISTS (SELECT FROM ticket_rotation_range AS r
         WHERE r.run_id = b.run_id AND b.after_id >= r.after_id AND b.last_id <= r.upper_id)",
    ),
    (
        "batch miscounted",
        "FROM ticket_rotation_batch AS b GROUP BY transaction_id HAVING sum(tickets) <>
         (SELECT count(*) FROM rotated WHERE transaction_id = b.transaction_id)",
    ),
    (
        "rotated outside a batch",
        "FROM rotated AS r WHERE NOT EXISTS (SELECT FROM ticket_rotation_batch AS b
         WHERE b.transaction_id = r.transaction_id AND r.id > b.after_id AND r.id <= b.last_id)",
    ),
    (
        "not finished",
        "FROM ticket_rotation AS run WHERE state <> 'finished'
         OR upper_id <> (SELECT max(last_id) FROM ticket_rotation_batch WHERE run_id = run.run_id AND NOT sweep)
         OR EXISTS (SELECT FROM ticket_rotation_range WHERE run_id = run.run_id AND finished_at IS NULL)",
    ),
];

/// From now on, for one run. The extension guards its batches against any row trigger, so also against this one.
pub fn watch(database: &Database) {
    database.execute(&format!("{AUDIT}{BY_ROW}"));
}

/// The same without a row trigger on updates: batches are rotated as in a table without triggers.
pub fn watch_statements(database: &Database) {
    database.execute(&format!("{AUDIT}{BY_STATEMENT}"));
}

pub fn violations(database: &Database) -> Vec<&'static str> {
    let found = |from: &str| database.count(&format!("(SELECT {from}) AS violation")) > 0;
    VIOLATIONS.iter().filter(|(_, from)| found(from)).map(|(name, _)| *name).collect()
}

#[track_caller]
pub fn assert_rotated_once(database: &Database) {
    assert_eq!(violations(database), [""; 0]);
    assert_eq!(database.count("ticket_rotation"), 1);
}

#[test]
fn the_oracle_notices_every_violation() {
    let tampering = [
        ("DELETE FROM ticket WHERE id = 3", vec![]),
        ("UPDATE ticket SET created_at = now(), token = token", vec![]),
        ("ALTER TABLE ticket DISABLE TRIGGER USER; DELETE FROM ticket WHERE id = 3", vec!["lost"]),
        ("DELETE FROM rotated WHERE id = 3", vec!["not rotated", "batch miscounted"]),
        ("INSERT INTO rotated VALUES (3)", vec!["rotated twice", "rotated outside a batch"]),
        (
            "UPDATE ticket SET token = gen_random_uuid() WHERE id = 3",
            vec!["rotated twice", "rotated outside a batch"],
        ),
        (
            "UPDATE rotated SET transaction_id = (SELECT transaction_id FROM rotated WHERE id = 30) WHERE id = 3",
            vec!["batch miscounted", "rotated outside a batch"],
        ),
        (
            "ALTER TABLE ticket DISABLE TRIGGER audit;
             UPDATE ticket SET token = (SELECT token FROM leaked WHERE id = 3) WHERE id = 3",
            vec!["has its leaked token", "has another's leaked token"],
        ),
        (
            "ALTER TABLE ticket DISABLE TRIGGER audit, ALTER token DROP NOT NULL;
             UPDATE ticket SET token = NULL WHERE id = 3",
            vec!["has no token"],
        ),
        (
            "ALTER TABLE ticket DISABLE TRIGGER audit, DROP CONSTRAINT ticket_token_key;
             UPDATE ticket SET token = (SELECT token FROM ticket WHERE id = 4) WHERE id = 3",
            vec!["shares a token"],
        ),
        (
            "DELETE FROM ticket_rotation_batch WHERE after_id = 40",
            vec!["batches do not tile", "rotated outside a batch"],
        ),
        ("UPDATE ticket_rotation_range SET after_id = 0", vec!["ranges do not tile", "batch across ranges"]),
        ("UPDATE ticket_rotation_range SET finished_at = NULL", vec!["not finished"]),
        (
            "DELETE FROM ticket_rotation_batch WHERE last_id = 100 AND NOT sweep",
            vec!["rotated outside a batch", "not finished"],
        ),
    ];
    for watch in [watch, watch_statements] {
        for (statements, expected) in &tampering {
            let database = Database::with_tickets(100);
            watch(&database);
            database.complete(&["run", "--batch", "20"]);
            assert_rotated_once(&database);
            database.execute(statements);
            assert_eq!(violations(&database), *expected, "{statements}");
        }
    }
}
