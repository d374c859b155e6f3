//! What may go wrong is said before the first batch, and ends no run.

use serde_json::Value;

use crate::common::{Database, Ended, Running, Server, rotator};

const SLOT: &str = "SELECT pg_create_physical_replication_slot('forgotten', true)";
const TRIGGERS: &str = "
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touch BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER audit AFTER UPDATE OF token ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER dated AFTER UPDATE OF created_at ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER inserted AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER once BEFORE UPDATE ON ticket EXECUTE FUNCTION touch();
    CREATE TRIGGER off BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE ticket DISABLE TRIGGER off";

fn warnings(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter_map(|line| line.strip_prefix("rotate-driver: warning: ")).collect()
}

#[test]
fn a_slot_that_nobody_reads_and_a_publication_of_all_tables_are_told_with_the_way_out() {
    let server = Server::start("warnings", &["fsync=off", "wal_level=logical"]);
    let database = Database::create_on(&server);
    database.make_tickets(100);
    database.administrator().one(SLOT);
    database
        .administrator()
        .execute("CREATE PUBLICATION everything FOR ALL TABLES; CREATE PUBLICATION one FOR TABLE ticket");
    let ended = database.complete(&["run"]);
    let [slot, publication] = warnings(&ended)[..] else { panic!("{}", ended.stderr) };
    assert!(slot.starts_with("nobody reads replication slot forgotten, which keeps "), "{slot}");
    assert!(slot.ends_with("SELECT pg_drop_replication_slot('forgotten');"), "{slot}");
    assert!(publication.starts_with("publication everything is FOR ALL TABLES"), "{publication}");
    assert!(publication.contains("CREATE EXTENSION ticket_ext;"), "{publication}");
}

#[test]
fn row_triggers_that_fire_for_each_ticket_are_told_but_the_guards_are_not() {
    let database = Database::with_tickets(100);
    database.execute(TRIGGERS);
    let ended = database.complete(&["run", "--guard"]);
    let expected = ["audit", "touch"]
        .map(|name| format!("trigger {name} fires for each of the tickets (function touch)"));
    assert_eq!(warnings(&ended), expected);
}

#[test]
fn an_index_on_the_token_that_is_no_btree_is_told() {
    let database = Database::with_tickets(100);
    database.execute(
        "CREATE INDEX by_hash ON ticket USING hash (token);
         CREATE INDEX by_words ON ticket USING gin (to_tsvector('simple', token::text));
         CREATE INDEX of_others ON ticket USING gin (to_tsvector('simple', id::text))",
    );
    let ended = database.complete(&["run"]).says(&["index by_hash holds the token and is a hash index"]);
    assert!(
        ended.stderr.contains("index by_words") && !ended.stderr.contains("of_others"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_table_without_statistics_is_told_where_the_server_knows_it() {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid) WITH (autovacuum_enabled = off);
         INSERT INTO ticket SELECT i, gen_random_uuid() FROM generate_series(1, 100) AS i",
    );
    assert_eq!(
        database.complete(&["run"]).stderr.contains("warning: table ticket was never analyzed"),
        database.is_at_least(14)
    );
    database.execute("ANALYZE ticket");
    assert!(!database.complete(&["run", "--new"]).stderr.contains("warning"));
}

#[test]
fn a_database_that_is_close_to_wraparound_is_told_and_each_warning_is_an_event() {
    let database = Database::with_tickets(100);
    if !database.is_at_least(14) {
        return println!("skipped: PostgreSQL 14 brought vacuum_failsafe_age");
    }
    database.execute(&format!("ALTER DATABASE {} SET vacuum_failsafe_age = 0", database.name));
    let ended = database.complete(&["run", "--progress", "json"]);
    let lines = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let warning = lines.into_iter().find(|line| line["event"] == "warning").expect("a warning");
    assert_eq!((&warning["warning"], &warning["run_id"]), (&"wraparound".into(), &1.into()));
    assert!(warning["text"].as_str().is_some_and(|text| text.contains("transactions old")), "{warning}");
}

#[test]
fn a_look_that_is_refused_ends_no_run() {
    let server = Server::start("refusals", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(100);
    database.administrator().one(SLOT);
    let role = rotator(&database, "public.ticket");
    database.administrator().execute("REVOKE EXECUTE ON FUNCTION pg_current_wal_lsn() FROM PUBLIC");
    let mut command = database.driver(&["run"]);
    command.env("PGUSER", role);
    let ended = Running::start(command).wait().expect(0);
    ended.says(&[
        "cannot see replication slots: ERROR 42501: permission denied for function pg_current_wal_lsn",
    ]);
}
