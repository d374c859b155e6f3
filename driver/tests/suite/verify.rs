//! `rotate-driver verify`: the evidence in words and in JSON, the list of leaked tokens, and the exit code.

use std::fs;

use serde_json::Value;

use crate::common::{Database, List, Lock, json_evidence, repository, rotated, verify, wait_for_blocked};

#[test]
fn a_complete_run_is_verified_with_each_piece_of_evidence() {
    let database = rotated(100);
    database.execute(
        "UPDATE ticket_rotation SET started_at = '2026-03-01 09:30:00+00', finished_at = '2026-03-01 09:47:00+00'",
    );
    let list = List::of(&database, "SELECT token, id FROM leaked");
    let expected = "\
target            ticket (token)
started           2026-03-01T09:30:00+00:00
finished          2026-03-01T09:47:00+00:00
state             holds: run 1 is finished
ledger            holds: 100 ticket(s) rotated, 0 of them by the sweep; 0 gap(s)
not rotated       holds: 0 ticket(s)
old tokens        holds: 0 ticket(s)
leaked list       holds: 100 listed: 100 retired by run 1, 0 in use
created since     0
without token     0
duplicate tokens  0
verified          yes
";
    assert_eq!(verify(&database, &list, 0).stdout, expected);
    let readme = fs::read_to_string(repository().join("README.md")).expect("there is a README");
    assert!(readme.contains(expected), "it is the README's example");
    let found = json_evidence(&database, &[], 0);
    assert_eq!((&found["verified"], &found["leaked_tokens"]), (&true.into(), &Value::Null));
    assert_eq!((&found["tickets_rotated"], &found["not_rotated_keys"]), (&100.into(), &Value::Array(vec![])));
    assert_eq!((&found["old_tokens"], &found["created_since"]), (&0.into(), &0.into()));
    assert_eq!(found["finished_at"], "2026-03-01T09:47:00+00:00");
}

#[test]
fn an_unfinished_run_is_not_verified() {
    let database = Database::with_tickets(100);
    database
        .end(&["verify"], 1)
        .says(&["table public.ticket has never been rotated", "start_ticket_rotation"]);
    database.one("SELECT rotate_ticket_tokens(NULL, 95)");
    let text = database.end(&["verify"], 3).stdout;
    for part in [
        "FAILS: run 1 is active",
        "not rotated       FAILS: 5 ticket(s): ids 96, 97, 98, 99, 100\n",
        "verified          NO",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[test]
fn a_leaked_token_of_another_table_is_found_by_the_list_alone() {
    let database = rotated(100);
    database.execute("UPDATE ticket SET token = gen_random_uuid() WHERE id = 7");
    let list = List::of(&database, "SELECT token FROM ticket WHERE id = 7");
    let text = verify(&database, &list, 3).stdout;
    assert!(text.contains("FAILS: 1 listed: 1 in use; in use by ids 7\n"), "{text}");
    assert!(text.contains("old tokens        holds: 0 ticket(s)\n"), "{text}");
    assert!(text.ends_with("verified          NO\n"), "{text}");
    assert_eq!(json_evidence(&database, &[], 0)["verified"], true);
}

#[test]
fn a_run_whose_entries_are_forgotten_is_not_verified() {
    let database = rotated(100);
    database.one("SELECT forget_ticket_rotation(1)");
    let text = database.end(&["verify"], 3).stdout;
    assert!(text.contains("old tokens        UNKNOWN: the entries of the run are forgotten\n"), "{text}");
    let found = json_evidence(&database, &[], 3);
    assert_eq!((&found["verified"], &found["old_tokens"]), (&false.into(), &Value::Null));
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

#[test]
fn a_proof_that_is_interrupted_is_gathered_again() {
    let database = rotated(100);
    let lock = Lock::hold(&database, "LOCK TABLE ticket");
    let running = database.start(&["verify"]);
    wait_for_blocked(&database, 1);
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    running.wait_for_stderr("trying again");
    drop(lock);
    running.wait().expect(0);
}
