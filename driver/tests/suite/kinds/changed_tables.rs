//! A table that changes while a call waits for its lock. What was looked up before counts no more.

use super::{Waiting, call, holding, refusal, with_leaked_token, with_tickets};
use crate::common::{Database, rotator};

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";
const ALL: &str = "1 2 3 4 5 6 7 8 9 10";

/// Half of the run is over, the next batch waits for the lock, and the table is another one when it gets it.
fn rotate_while(database: &Database, change: &str) -> Result<Option<i64>, postgres::Error> {
    let mut session = database.connect();
    call(&mut session, BATCH).expect("a batch before");
    let mut other = holding(database, change);
    let waiting = Waiting::begin_in(database, session, BATCH);
    other.batch_execute("COMMIT").expect("the change is committed");
    waiting.end()
}

#[track_caller]
fn assert_refused(change: &str, expected: &str) {
    let database = with_tickets(10);
    database.execute("CREATE SCHEMA other; CREATE TABLE ticket_new AS TABLE ticket; ALTER TABLE ticket_new ADD PRIMARY KEY (id)");
    let refusal = refusal(rotate_while(&database, change));
    assert!(refusal.starts_with(expected), "{change}: {refusal}");
    assert_eq!(database.count("ticket_new JOIN leaked USING (id, token)"), 10, "{change}");
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "5", "{change}");
}

#[test]
fn a_table_that_is_swapped_meanwhile_is_left_alone() {
    let swap = "ALTER TABLE ticket RENAME TO ticket_old; ALTER TABLE ticket_new RENAME TO ticket";
    let database = with_tickets(10);
    database.execute("CREATE TABLE ticket_new AS TABLE ticket; ALTER TABLE ticket_new ADD PRIMARY KEY (id)");
    let refusal = refusal(rotate_while(&database, swap));
    assert!(refusal.contains("public.ticket and is called public.ticket_old now"), "{refusal}");
    assert_eq!(with_leaked_token(&database), ALL);
    assert_eq!(database.count("ticket_old JOIN leaked USING (id, token)"), 5);
}

#[test]
fn a_table_that_has_gone_or_moved_meanwhile_is_refused() {
    assert_refused("DROP TABLE ticket", "42P01");
    assert_refused("ALTER TABLE ticket RENAME TO moved", "42P01");
    assert_refused("ALTER TABLE ticket SET SCHEMA other", "42P01");
}

#[test]
fn a_table_that_is_made_anew_meanwhile_has_a_run_of_its_own() {
    let database = with_tickets(10);
    let anew = "ALTER TABLE ticket RENAME TO gone; CREATE TABLE ticket (LIKE gone INCLUDING ALL);
                INSERT INTO ticket SELECT id + 100, token FROM leaked; DROP TABLE gone";
    assert_eq!(rotate_while(&database, anew).expect("a batch of the new table"), Some(105));
    assert_eq!(database.count("ticket_rotation"), 2);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 5);
}

#[test]
fn columns_that_change_places_meanwhile_are_noticed() {
    assert_refused(
        "ALTER TABLE ticket RENAME token TO old; ALTER TABLE ticket ADD token uuid",
        "55000 run 1",
    );
    assert_refused("ALTER TABLE ticket RENAME token TO old", "42703");
    assert_refused("ALTER TABLE ticket DROP token", "42703");
    assert_refused(
        "ALTER TABLE ticket ALTER token DROP DEFAULT, ALTER token DROP NOT NULL, ALTER token TYPE xml USING NULL",
        "42804",
    );
    assert_refused(
        "ALTER TABLE ticket ADD nr bigint GENERATED ALWAYS AS IDENTITY, DROP CONSTRAINT ticket_pkey, ADD PRIMARY KEY (nr)",
        "55000 run 1",
    );
}

#[test]
fn what_would_withhold_tokens_is_noticed_when_it_comes_meanwhile() {
    assert_refused("CREATE RULE nothing AS ON UPDATE TO ticket DO INSTEAD NOTHING", "0A000");
    assert_refused("CREATE TABLE child () INHERITS (ticket); LOCK TABLE ticket", "0A000");
    assert_refused(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.token := OLD.token; RETURN NEW; END';
         CREATE TRIGGER keep BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION keep()",
        "27000",
    );
    assert_refused(
        "CREATE TABLE item (token uuid); CREATE UNIQUE INDEX ON ticket (token);
         ALTER TABLE item ADD FOREIGN KEY (token) REFERENCES ticket (token)",
        "2BP01",
    );
}

#[test]
fn rows_that_are_hidden_meanwhile_are_not_skipped() {
    let database = with_tickets(10);
    let role = rotator(&database, "ticket");
    let mut session = database.administrator().connect();
    session.batch_execute(&format!("SET ROLE \"{role}\"")).unwrap();
    call(&mut session, BATCH).expect("a batch before");
    let hide =
        "CREATE POLICY even ON ticket USING (id % 2 = 0); ALTER TABLE ticket ENABLE ROW LEVEL SECURITY";
    let mut other = holding(&database, hide);
    let waiting = Waiting::begin_in(&database, session, BATCH);
    other.batch_execute("COMMIT").unwrap();
    assert!(refusal(waiting.end()).starts_with("42501 row-level security"));
    assert_eq!(with_leaked_token(&database), "6 7 8 9 10");
}

#[test]
fn a_rewritten_or_emptied_table_goes_on() {
    for change in
        ["ALTER TABLE ticket ALTER id TYPE integer", "ALTER TABLE ticket ADD made float DEFAULT random()"]
    {
        let database = with_tickets(10);
        assert_eq!(rotate_while(&database, change).expect("a batch"), Some(10), "{change}");
        assert_eq!(with_leaked_token(&database), "", "{change}");
    }
    let database = with_tickets(10);
    assert_eq!(rotate_while(&database, "TRUNCATE ticket").expect("the end of the range"), Some(10));
    assert_eq!(database.one("SELECT rotate_ticket_tokens(NULL, 10)"), "", "nothing is left");
}
