//! Nothing outside of `pg_catalog` and the extension is reached by name: a superuser works in a database where a role
//! without privileges owns look-alikes of every function and operator, which are found first.

use crate::common::{Database, List};

/// Every call that there is, from the installation to the proof.
const CALLS: &[&str] = &[
    "SELECT rotation.start_ticket_rotation('public.ticket', 'token', 3)",
    // As of a large table, where new tokens have digits in common.
    "UPDATE rotation.ticket_rotation SET tickets_planned = 200000000",
    "SELECT rotation.rotate_ticket_tokens(NULL, 7)",
    "SELECT rotation.rotate_ticket_tokens(50, 7, 'public.ticket')",
    "SELECT rotation.pause_ticket_rotation()",
    "SELECT rotation.resume_ticket_rotation()",
    "SELECT rotation.tune_ticket_rotation('100 ms', 1, 2)",
    "SELECT rotation.tune_ticket_rotation()",
    "SELECT rotation.note_ticket_rotation_wait('nothing')",
    "TABLE rotation.batch_progress",
    "CALL rotation.rotate_all_tickets(9)",
    "SELECT * FROM rotation.verify_ticket_rotation()",
    "SELECT * FROM rotation.trace_ticket_token('f81d4fae-7dec-11d0-a765-00a0c91e6bf6')",
    "SELECT * FROM rotation.trace_ticket_digests('{1}')",
    "SELECT rotation.forget_ticket_rotation(1)",
    "SELECT rotation.start_ticket_rotation()",
    "SELECT rotation.cancel_ticket_rotation()",
    "SELECT rotation.start_ticket_rotation()",
];

fn with_look_alikes() -> Database<'static> {
    let database = Database::create_empty().for_superuser();
    database.execute(
        "CREATE TABLE ticket (id serial PRIMARY KEY, token uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), note text);
         INSERT INTO ticket SELECT FROM generate_series(1, 100);
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
             'BEGIN NEW.note := 1; RETURN NEW; END';
         CREATE TRIGGER touch BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION touch();
         CREATE TABLE leaked AS TABLE ticket",
    );
    database.execute(&include_str!("look_alikes.sql").replace("@database@", &database.name));
    database
}

/// All that was called on the way is the server's own or the extension's; what a test asks for itself likewise.
fn assert_rotated(database: &Database) {
    let mut client = database.connect();
    client.batch_execute("SET search_path = pg_catalog").expect("a setting");
    let row = client
        .query_one("SELECT count(*) FROM public.ticket JOIN public.leaked USING (id) WHERE ticket.token <> leaked.token", &[])
        .expect("both tables are there");
    assert_eq!(row.get::<_, i64>(0), 100, "rotated tickets");
}

/// The paths on which look-alikes are found: first of all, or only where they match better.
const PATHS: [&str; 2] = ["public, pg_catalog", "public"];

#[test]
fn a_superusers_calls_meet_no_look_alike() {
    for path in PATHS {
        let database = with_look_alikes();
        let mut client = database.connect();
        let mut say = |sql: &str| {
            client.simple_query(sql).unwrap_or_else(|error| panic!("{path}: {sql}: {error:?}"));
        };
        say(&format!("SET search_path = {path}"));
        say("CREATE SCHEMA rotation");
        say("CREATE EXTENSION ticket_ext SCHEMA rotation");
        CALLS.iter().for_each(|call| say(call));
        assert_rotated(&database);
    }
}

#[test]
fn an_extension_beside_the_look_alikes_meets_none_of_them() {
    let database = with_look_alikes();
    let mut client = database.connect();
    let mut say = |sql: &str| {
        client.simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    };
    say("CREATE EXTENSION ticket_ext SCHEMA public");
    CALLS.iter().for_each(|call| say(&call.replace("rotation.", "public.")));
    assert_rotated(&database);
}

#[test]
fn a_superusers_driver_meets_no_look_alike() {
    for path in PATHS {
        let database = with_look_alikes();
        database.execute(&format!(
            "CREATE SCHEMA rotation; CREATE EXTENSION ticket_ext SCHEMA rotation;
             ALTER DATABASE {} SET search_path = {path}",
            database.name
        ));
        let table = ["--table", "public.ticket"];
        let list = List::new("f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n");
        for arguments in [
            &["run", "--batch", "20", "--workers", "2", "--verify"][..],
            &["status"],
            &["verify"],
            &["verify", "--leaked", list.path()],
            &["trace", "--leaked", list.path()],
            &["run", "--new", "--batch", "50", "--progress", "json", "--max-replica-lag", "10s"],
            &["tune", "--nice", "1"],
        ] {
            let ended = database.start(&[&table[..], arguments].concat()).wait();
            assert!(!ended.stderr.contains("look-alike"), "{path}: {arguments:?}: {}", ended.stderr);
            let refused = arguments[0] == "tune";
            assert_eq!(ended.code, Some(i32::from(refused)), "{path}: {arguments:?}: {}", ended.stderr);
        }
        assert_rotated(&database);
    }
}
