//! `verify --leaked`: whatever way the list was written down, and whatever the server allows, a leaked token in use is
//! found, or the list is refused.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Database, Edition, List, Running, Server, json_evidence, rotated, rotator, verify};

const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

/// With every fifth ticket's old token again.
fn come_back(tickets: u32) -> Database<'static> {
    let database = rotated(tickets);
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id % 5 = 0",
    );
    database
}

#[test]
fn a_leaked_token_that_came_back_is_found_and_not_shown() {
    let database = come_back(100);
    let list = List::of(&database, "SELECT upper(token::text) FROM leaked");
    let ended = verify(&database, &list, 3);
    let survivors = "FAILS: 100 listed: 80 retired by run 1, 20 in use; in use by ids 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, …\n";
    assert!(ended.stdout.contains(survivors), "{}", ended.stdout);
    let found = json_evidence(&database, &["--leaked", list.path()], 3);
    assert_eq!((&found["verified"], &found["survivors"]), (&false.into(), &20.into()));
    assert_eq!(found["leaked_retired"], serde_json::json!({"1": 80}));
    assert_eq!(json_evidence(&database, &[], 3)["survivors"], Value::Null);
    let token = database.one("SELECT token FROM leaked WHERE id = 5");
    assert!(!ended.stdout.contains(&token) && !found.to_string().contains(&token));
}

#[test]
fn a_list_is_read_in_whatever_way_it_was_written_down() {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token text UNIQUE);
         INSERT INTO ticket SELECT i, gen_random_uuid() FROM generate_series(1, 8) AS i;
         INSERT INTO ticket VALUES (9, 'ab,cd'), (10, 'tok\\_ ü');
         CREATE TABLE leaked AS TABLE ticket",
    );
    database.complete(&["run", "--format", "uuid"]);
    database.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id IN (1, 9, 10)");
    let copies = [
        ("COPY (SELECT token, id FROM leaked) TO STDOUT", 10),
        ("COPY (SELECT id, token FROM leaked) TO STDOUT (FORMAT csv)", 10),
        (
            "COPY (SELECT id, token AS \"Token\" FROM leaked) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)",
            10,
        ),
        ("COPY (SELECT id, token FROM leaked) TO STDOUT (FORMAT csv, DELIMITER ';')", 10),
        ("COPY (SELECT token FROM leaked) TO STDOUT", 10),
        (
            "SELECT '{' || upper(token) || '}' FROM leaked WHERE id < 9 UNION ALL SELECT token FROM leaked WHERE id >= 9",
            10,
        ),
        (
            "SELECT replace(token, '-', '') FROM leaked WHERE id < 9 UNION ALL SELECT token FROM leaked WHERE id >= 9",
            10,
        ),
    ];
    for (copy, listed) in copies {
        let list = List::of(&database, copy);
        let text = verify(&database, &list, 3).stdout;
        assert!(
            text.contains(&format!(
                "{listed} listed: 7 retired by run 1, 3 in use; in use by ids 1, 9, 10\n"
            )),
            "{copy}: {text}"
        );
    }
}

#[test]
fn a_list_may_come_zipped_from_standard_input() {
    let database = come_back(100);
    let list = List::of(&database, "SELECT token, id FROM leaked");
    let zipped = format!("{}.gz", list.path());
    let mut gzip = database.command("gzip");
    gzip.arg("--to-stdout").arg(list.path()).stdout(File::create(&zipped).expect("a file"));
    assert!(gzip.status().expect("gzip runs").success());
    let mut command = database.driver(&["verify", "--leaked", "-"]);
    command.stdin(Stdio::from(File::open(&zipped).expect("the list is there")));
    let ended = Running::start(command).wait().expect(3);
    assert!(ended.stdout.contains("100 listed: 80 retired by run 1, 20 in use"), "{}", ended.stdout);
}

#[test]
fn a_malformed_line_is_named_by_its_number_only() {
    let database = rotated(10);
    let broken = List::new(format!("token\n{UUID}\n\n\"{UUID}\",2\nsecret-{UUID}\n"));
    let ended =
        verify(&database, &broken, 1).says(&["line 5 of ", "a UUID is expected", "HINT: One token a line"]);
    assert!(!ended.stderr.contains("secret") && ended.stdout.is_empty(), "{}", ended.stderr);
    verify(&database, &List::new("\n"), 1).says(&["holds no token"]);
    database
        .end(&["verify", "--leaked", "/nowhere"], 1)
        .says(&["cannot read the leaked tokens from /nowhere"]);
}

#[test]
fn a_column_of_the_list_can_be_chosen() {
    let database = come_back(10);
    let list = List::of(&database, "SELECT leaked.token, ticket.token FROM leaked JOIN ticket USING (id)");
    assert!(verify(&database, &list, 3).stdout.contains("10 listed: 10 in use"));
    for (column, found) in [("1", "10 listed: 8 retired by run 1, 2 in use"), ("2", "10 listed: 10 in use")] {
        let text = database.end(&["verify", "--leaked", list.path(), "--column", column], 3).stdout;
        assert!(text.contains(found), "{column}: {text}");
    }
    let refused = ["cannot tell where the tokens are", "it has no column 3", "HINT: One token a line"];
    database.end(&["verify", "--leaked", list.path(), "--column", "3"], 1).says(&refused);
    database.end(&["verify", "--column", "3"], 2).says(&["--leaked"]);
}

#[test]
fn columns_of_text_and_bytes_are_searched_too() {
    let columns = [
        ("text", "'tok\\_' || g || ' ü'"),
        ("varchar(40)", "md5(g::text)"),
        ("bytea", "decode(md5(g::text), 'hex')"),
    ];
    for (column, old) in columns {
        let database = Database::create();
        database.execute(&format!(
            "CREATE TABLE \"Ticket\" (\"Id\" integer PRIMARY KEY, \"to.ken\" {column} UNIQUE);
             INSERT INTO \"Ticket\" SELECT g, {old} FROM generate_series(1, 30) AS g;
             CREATE TABLE leaked AS TABLE \"Ticket\"",
        ));
        let list = List::of(&database, "SELECT \"to.ken\" FROM leaked");
        let target = ["--table", "\"Ticket\"", "--token-column", "to.ken"];
        let verify = [&target[..], &["verify", "--leaked", list.path()]].concat();
        database.complete(&[&target[..], &["run", "--format", "uuid"]].concat());
        database.complete(&verify);
        database.execute("UPDATE \"Ticket\" AS t SET \"to.ken\" = l.\"to.ken\" FROM leaked AS l WHERE t.\"Id\" = 7 AND l.\"Id\" = 7");
        database.execute(&format!("ALTER DATABASE {} SET standard_conforming_strings = off", database.name));
        let text = database.end(&verify, 3).stdout;
        assert!(
            text.contains("30 listed: 29 retired by run 1, 1 in use; in use by ids 7\n"),
            "{column}: {text}"
        );
    }
}

#[test]
fn a_standby_is_searched_as_well() {
    let server = Server::start("searched", &[]);
    let database = Database::create_on(&server);
    database.make_tickets(100);
    database.complete(&["run"]);
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id = 7",
    );
    server.write("standby.signal", "");
    server.restart("fast");
    let list = List::of(&database, "SELECT token FROM leaked");
    assert!(
        verify(&database, &list, 3)
            .stdout
            .contains("100 listed: 99 retired by run 1, 1 in use; in use by ids 7\n")
    );
}

/// The table is read once for each 100,000 tokens, and they are hashed in memory.
#[test]
fn neither_temporary_tables_nor_files_nor_an_index_are_needed() {
    let database = come_back(100);
    database.execute("ALTER TABLE ticket DROP CONSTRAINT ticket_token_key");
    let role = rotator(&database, "public.ticket");
    database.administrator().execute(&format!(
        "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC;
         ALTER ROLE \"{role}\" SET temp_file_limit = 0; ALTER ROLE \"{role}\" SET work_mem = '64kB'",
        database.name
    ));
    let list = List::of(
        &database,
        "SELECT token FROM leaked UNION ALL SELECT gen_random_uuid() FROM generate_series(1, 150000)",
    );
    let mut command = database.driver(&["verify", "--leaked", list.path()]);
    command.env("PGUSER", &role);
    let ended = Running::start(command).wait().expect(3);
    assert!(
        ended
            .stdout
            .contains("150100 listed: 80 retired by run 1, 20 in use, 150000 never a token of this table"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_list_of_which_nothing_was_ever_here_fails() {
    let database = rotated(10);
    let list = List::of(&database, "SELECT gen_random_uuid() FROM generate_series(1, 3)");
    let question = "none of the 3 listed was ever a token of this table: wrong file, column or table?";
    assert!(verify(&database, &list, 3).stdout.contains(&format!("leaked list       FAILS: {question}\n")));
    database.end(&["run", "--new", "--leaked", list.path()], 1).says(&[question]);
    assert_eq!(database.count("ticket_rotation"), 1, "no run was started");
}

#[test]
fn a_list_is_counted_before_a_run_and_verified_after_it() {
    let database = Database::with_tickets(10);
    let list =
        List::of(&database, "SELECT token FROM leaked WHERE id < 9 UNION ALL SELECT gen_random_uuid()");
    let ended = database.complete(&["run", "--verify", "--leaked", list.path()]);
    let after = "holds: 9 listed: 8 retired by run 1, 0 in use, 1 never a token of this table\n";
    assert!(ended.stdout.contains(after), "{}", ended.stdout);
    let before = "leaked list: 9 listed: 8 in use, 1 never a token of this table; in use by ids 1, 2, 3, 4, 5, 6, 7, 8";
    ended.says(&[before]);
    database.end(&["run", "--verify", "--leaked", "-"], 2).says(&["--leaked - can be read once only"]);
}

#[test]
fn what_a_run_has_forgotten_is_no_reason_to_doubt_the_list() {
    let database = rotated(10);
    database.one("SELECT forget_ticket_rotation(1)");
    let list = List::of(&database, "SELECT token FROM leaked");
    let text = verify(&database, &list, 3).stdout;
    assert!(
        text.contains("leaked list       holds: 10 listed: 0 in use, 10 unknown (forgotten: run 1)\n"),
        "{text}"
    );
}

#[test]
fn tickets_that_a_policy_hides_are_no_proof() {
    let database = come_back(10);
    let role = rotator(&database, "public.ticket");
    database.execute("ALTER TABLE ticket ENABLE ROW LEVEL SECURITY");
    let list = List::of(&database, "SELECT token FROM leaked");
    let mut command = database.driver(&["verify", "--leaked", list.path()]);
    command.env("PGUSER", &role);
    Running::start(command)
        .wait()
        .expect(1)
        .says(&["42501: row-level security of table public.ticket is active for this role"]);
}

#[test]
fn what_strangers_put_into_the_search_path_is_not_asked() {
    let database = come_back(10);
    database.execute(&format!(
        "CREATE SCHEMA strange;
         CREATE FUNCTION strange.never(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
         CREATE FUNCTION strange.format(text, name, name) RETURNS text LANGUAGE sql AS $$SELECT 'nowhere'$$;
         CREATE OPERATOR strange.= (FUNCTION = strange.never, LEFTARG = uuid, RIGHTARG = uuid);
         ALTER DATABASE {} SET search_path = strange, pg_catalog, public",
        database.name
    ));
    let list = List::of(&database, "SELECT token FROM leaked");
    assert!(
        verify(&database, &list, 3)
            .stdout
            .contains("10 listed: 8 retired by run 1, 2 in use; in use by ids 5, 10\n")
    );
}

#[test]
fn no_token_of_the_list_gets_into_the_servers_log() {
    let server = Server::start("logging", &["log_min_duration_statement=0", "log_statement=all"]);
    // A superuser's session keeps its parameters from the log.
    let database = Database::create_with(Edition::Extension, &server);
    database.make_tickets(10);
    database.complete(&["run"]);
    let list = List::new(format!("{UUID}\n"));
    assert!(verify(&database, &list, 0).stdout.contains("1 listed: 0 in use, 1 never a token of this table"));
    let log = Path::new(server.variable("PGSERVERDIR")).join("log");
    let log = fs::read_to_string(log).expect("there is a log");
    assert!(log.contains("unnest"), "the statement is logged");
    assert!(!log.contains(UUID), "the token is not");
}
