//! `rotate-driver verify`: the evidence in words and in JSON, the list of leaked tokens, and the exit code.

use std::fs::{self, File};
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Database, Ended, List, Running, repository};

const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

fn verify(database: &Database, list: &List, code: i32) -> Ended {
    database.end(&["verify", "--leaked", list.path()], code)
}

fn json(database: &Database, arguments: &[&str], code: i32) -> Value {
    let ended = database.end(&[&["verify", "--format", "json"], arguments].concat(), code);
    serde_json::from_str(&ended.stdout).expect("one JSON object")
}

fn rotated(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    database.complete(&["run", "--batch", "40"]);
    database
}

#[test]
fn a_complete_run_is_verified_with_its_three_kinds_of_evidence() {
    let database = rotated(100);
    let list = List::of(&database, "SELECT token, id FROM leaked");
    let expected = "\
target            ticket (token)
state             holds: run 1 is finished
ledger            holds: 100 ticket(s) rotated, 0 of them by the sweep; 0 gap(s)
row versions      holds: 0 ticket(s) not rotated
leaked list       holds: 0 ticket(s) with one of 100 leaked token(s)
written since     0
created since     0
without token     0
duplicate tokens  0
verified          yes
";
    assert_eq!(verify(&database, &list, 0).stdout, expected);
    let readme = fs::read_to_string(repository().join("README.md")).expect("there is a README");
    assert!(readme.contains(expected), "it is the README's example");
    let found = json(&database, &[], 0);
    assert_eq!((&found["verified"], &found["leaked_tokens"]), (&true.into(), &Value::Null));
    assert_eq!((&found["tickets_rotated"], &found["not_rotated_ids"]), (&100.into(), &Value::Array(vec![])));
}

#[test]
fn an_unfinished_run_is_not_verified() {
    let database = Database::with_tickets(100);
    database
        .end(&["verify"], 1)
        .says(&["table public.ticket has never been rotated", "start_ticket_rotation"]);
    database.one("SELECT rotate_ticket_tokens(NULL, 95)");
    let text = database.end(&["verify"], 3).stdout;
    for part in
        ["FAILS: run 1 is active", "FAILS: 5 ticket(s) not rotated: ids 96, 97", "verified          NO"]
    {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[test]
fn a_leaked_token_that_came_back_is_found_and_not_shown() {
    let database = rotated(100);
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND ticket.id % 5 = 0",
    );
    let list = List::of(&database, "SELECT upper(token::text) FROM leaked");
    let ended = verify(&database, &list, 3);
    let survivors =
        "FAILS: 20 ticket(s) with one of 100 leaked token(s): ids 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, …\n";
    assert!(ended.stdout.contains(survivors), "{}", ended.stdout);
    assert!(ended.stdout.contains("written since     20\n"), "{}", ended.stdout);
    let found = json(&database, &["--leaked", list.path()], 3);
    assert_eq!((&found["verified"], &found["survivors"]), (&false.into(), &20.into()));
    assert_eq!(json(&database, &[], 0)["survivors"], Value::Null);
    let token = database.one("SELECT token FROM leaked WHERE id = 5");
    assert!(!ended.stdout.contains(&token) && !found.to_string().contains(&token));
}

#[test]
fn a_list_may_come_from_standard_input() {
    let database = rotated(100);
    let list = List::of(&database, "SELECT token FROM leaked");
    let mut command = database.driver(&["verify", "--leaked", "-"]);
    command.stdin(Stdio::from(File::open(list.path()).expect("the list is there")));
    let ended = Running::start(command).wait().expect(0);
    assert!(ended.stdout.contains("one of 100 leaked token(s)"), "{}", ended.stdout);
}

#[test]
fn a_malformed_line_is_named_by_its_number_only() {
    let database = rotated(10);
    let header = List::new(format!("token,id\n{UUID},1\n"));
    verify(&database, &header, 1).says(&["line 1 of ", "a UUID is expected", "HINT: One token a line"]);
    let broken = List::new(format!("{UUID}\n\n\"{UUID}\",2\nsecret-{UUID}\n"));
    let ended = verify(&database, &broken, 1).says(&["line 4 of "]);
    assert!(!ended.stderr.contains("secret") && ended.stdout.is_empty(), "{}", ended.stderr);
    verify(&database, &List::new("\n"), 1).says(&["holds no token"]);
    database
        .end(&["verify", "--leaked", "/nowhere"], 1)
        .says(&["cannot read the leaked tokens from /nowhere"]);
}

#[test]
fn columns_of_text_and_bytes_are_searched_too() {
    for (column, old) in [("text", "'tok\\_' || g || ' ü'"), ("bytea", "decode(md5(g::text), 'hex')")] {
        let database = Database::create();
        database.execute(&format!(
            "CREATE TABLE \"Ticket\" (\"Id\" integer PRIMARY KEY, \"to.ken\" {column} UNIQUE);
             INSERT INTO \"Ticket\" SELECT g, {old} FROM generate_series(1, 30) AS g;
             CREATE TABLE leaked AS TABLE \"Ticket\""
        ));
        let list = List::of(&database, "SELECT \"to.ken\" FROM leaked");
        let target = ["--table", "\"Ticket\"", "--token-column", "to.ken"];
        let verify = [&target[..], &["verify", "--leaked", list.path()]].concat();
        database.complete(&[&target[..], &["run"]].concat());
        database.complete(&verify);
        database.execute("UPDATE \"Ticket\" AS t SET \"to.ken\" = l.\"to.ken\" FROM leaked AS l WHERE t.\"Id\" = 7 AND l.\"Id\" = 7");
        let text = database.end(&verify, 3).stdout;
        assert!(text.contains("1 ticket(s) with one of 30 leaked token(s): ids 7\n"), "{text}");
    }
}

#[test]
fn a_run_can_verify_itself_at_once() {
    let database = Database::with_tickets(100);
    database.complete(&["run"]).says(&["run 1 is finished; verify it with: rotate-driver verify\n"]);
    let text = database.complete(&["run", "--new", "--verify"]).stdout;
    assert!(text.ends_with("verified          yes\n"), "{text}");
    let lines = database.complete(&["run", "--verify", "--progress", "json"]).stdout;
    let last: Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["run_id"], &last["verified"]), (&2.into(), &true.into()));
}
