//! `rotate-driver trace` and `trace_ticket_token`: whose tokens leaked.

use serde_json::Value;

use crate::common::{Database, List, Running, rotated, rotator};

/// Ticket 3 has its first token again, 4 and 5 were rotated twice; the list holds what they had, and a token that was
/// never here.
fn traced() -> (Database<'static>, List) {
    let database = rotated(5);
    database.execute(
        "CREATE TABLE second AS SELECT id, token FROM ticket WHERE id > 3;
         UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id = 3",
    );
    database.complete(&["run", "--new"]);
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id = 3",
    );
    let list = List::of(
        &database,
        "SELECT id, token FROM (SELECT * FROM leaked UNION ALL SELECT * FROM second
                                UNION ALL SELECT 9, gen_random_uuid()) AS list ORDER BY id, token",
    );
    (database, list)
}

#[test]
fn each_token_of_a_list_has_a_row_with_its_ticket_its_run_and_the_time() {
    let (database, list) = traced();
    let ended = database.complete(&["trace", "--leaked", list.path(), "--format", "csv"]);
    let text = ended.stdout;
    let (header, rows) = text.split_once('\n').expect("a header");
    assert_eq!(header, "line,state,key,run_id,retired_at");
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    let short: Vec<String> = rows.iter().map(|row| row[..4].join(",")).collect();
    assert_eq!(short[..3], ["1,retired,1,1", "2,retired,2,1", "3,live,3,2"]);
    assert_eq!(short.iter().filter(|row| row.ends_with(",4,1") || row.ends_with(",4,2")).count(), 2);
    assert_eq!(rows[7], ["8", "unknown", "", "", ""]);
    let retired_at =
        "SELECT to_json(finished_at) #>> '{}' FROM ticket_rotation_batch WHERE run_id = 1 AND 1 = ANY (keys)";
    assert_eq!(rows[0][4], database.one(retired_at));
    let token = database.one("SELECT token FROM leaked WHERE id = 1");
    assert!(!text.contains(&token) && !ended.stderr.contains(&token));
}

#[test]
fn a_trace_is_for_people_and_programs_too() {
    let (database, list) = traced();
    let ended = database.complete(&["trace", "--leaked", list.path()]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("line 1: retired by run 1, ticket 1, 20"), "{}", lines[0]);
    assert!(
        lines[2].starts_with("line 3: IN USE by ticket 3 again, retired by run 2, ticket 3, 20"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[7], "line 8: unknown");
    ended
        .says(&["8 listed: 2 retired by run 2, 4 retired by run 1, 1 in use, 1 never a token of this table"]);
    let json = database.complete(&["trace", "--leaked", list.path(), "--format", "json"]).stdout;
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&rows[0]["key"], &rows[0]["run_id"]), (&1.into(), &1.into()));
    assert_eq!((&rows[7]["state"], &rows[7]["key"]), (&"unknown".into(), &Value::Null));
}

#[test]
fn a_rotator_may_trace_its_table_and_no_other() {
    let (database, list) = traced();
    database.execute("CREATE TABLE other AS TABLE ticket; ALTER TABLE other ADD PRIMARY KEY (id)");
    let role = rotator(&database, "public.ticket");
    let trace = |table: &str, code| {
        let mut command = database.driver(&["--table", table, "trace", "--leaked", list.path()]);
        command.env("PGUSER", &role);
        Running::start(command).wait().expect(code)
    };
    trace("ticket", 0);
    trace("other", 1).says(&["42501: permission denied for table other"]);
    let digests = format!("SET ROLE \"{role}\"; SELECT * FROM trace_ticket_digests('{{1}}', 'other')");
    let refused = database.administrator().connect().batch_execute(&digests).expect_err("it may not");
    assert_eq!(refused.code().map(|code| code.code()), Some("42501"));
}

#[test]
fn one_token_is_traced_from_sql_in_any_spelling() {
    let (database, _) = traced();
    let trace = |token: &str| {
        database.one(&format!(
            "SELECT string_agg(concat_ws(' ', state, key, run_id, (retired_at IS NOT NULL)::text), ', ')
             FROM trace_ticket_token({token})"
        ))
    };
    assert_eq!(
        trace("(SELECT '{' || upper(token::text) || '}' FROM leaked WHERE id = 1)"),
        "retired 1 1 true"
    );
    let again = "live 3 false, retired 3 2 true, retired 3 1 true";
    assert_eq!(trace("(SELECT replace(token::text, '-', '') FROM leaked WHERE id = 3)"), again);
    assert_eq!(trace("gen_random_uuid()::text"), "unknown false");
    assert_eq!(trace("NULL"), "unknown false");
    let refused =
        database.connect().batch_execute("SELECT trace_ticket_token('s3cr3t')").expect_err("no UUID");
    let said = format!("{:?}", refused.as_db_error());
    assert!(said.contains("a UUID is expected") && !said.contains("s3cr3t"), "{said}");
    database.one("SELECT forget_ticket_rotation(1)");
    assert_eq!(trace("(SELECT token::text FROM leaked WHERE id = 1)"), "forgotten 1 false, unknown false");
}

#[test]
fn texts_and_bytes_are_traced_from_sql_too() {
    for (column, old) in [
        ("text", "'tok_' || g"),
        ("text", "upper(gen_random_uuid()::text)"),
        ("bytea", "decode(md5(g::text), 'hex')"),
    ] {
        let database = Database::create();
        database.execute(&format!(
            "CREATE TABLE ticket (id integer PRIMARY KEY, token {column});
             INSERT INTO ticket SELECT g, {old} FROM generate_series(1, 3) AS g;
             CREATE TABLE leaked AS TABLE ticket"
        ));
        database.complete(&["run", "--format", "uuid"]);
        let trace = |table: &str| {
            database.one(&format!(
                "SELECT concat_ws(' ', state, key, run_id) FROM {table}, trace_ticket_token(token::text) WHERE id = 2"
            ))
        };
        assert_eq!([trace("leaked"), trace("ticket")], ["retired 2 1", "live 2"], "{column}");
    }
}
