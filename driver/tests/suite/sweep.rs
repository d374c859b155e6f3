//! Old tokens that came back after the end of a run, and the sweep that rotates them.

use crate::common::{Database, json_evidence, rotated, run_what_is_printed};

fn put_back(database: &Database, ids: &str) {
    database.execute(&format!(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN ({ids})"
    ));
}

#[test]
fn old_tokens_that_came_back_are_rotated_and_nothing_else_is() {
    let database = rotated(1000);
    database.execute("CREATE TABLE live AS SELECT id, token FROM ticket");
    put_back(&database, "3, 500, 999");
    let evidence = json_evidence(&database, &[], 3);
    assert_eq!(evidence["cure"], "rotate-driver sweep");
    let failed = database.end(&["verify"], 3).says(&["not verified; what cures it: rotate-driver sweep"]);
    assert!(failed.stdout.contains("FAILS: 3 ticket(s): ids 3, 500, 999"), "{}", failed.stdout);
    let swept = database.complete(&["sweep", "--progress", "plain", "--verify"]);
    let swept = swept.says(&["run 1 is swept: 3 ticket(s) have got a new token"]);
    assert!(swept.stdout.contains("| sweeping"), "{}", swept.stdout);
    assert!(
        swept.stdout.contains("1003 ticket(s) rotated, 3 of them by the sweep; 0 gap(s)"),
        "{}",
        swept.stdout
    );
    assert!(swept.stdout.ends_with("verified          yes\n"), "{}", swept.stdout);
    assert_eq!(database.count("ticket JOIN live USING (id, token)"), 997);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
    assert_eq!(database.one("SELECT count(*) FROM ticket_rotation"), "1", "it is no other run");
}

#[test]
fn a_sweep_that_was_interrupted_goes_on() {
    let database = rotated(1000);
    database.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    database.slow_down(50);
    let sweeping = database.start(&["sweep", "--batch", "50", "--workers", "1"]);
    sweeping.wait_for_stdout("sweeping");
    sweeping.signal(libc::SIGINT);
    let ended = sweeping.wait().expect(130);
    database.execute("DROP TRIGGER rest ON ticket");
    assert_eq!(run_what_is_printed(&ended, &database), "rotate-driver sweep --batch 50 --workers 1");
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
    assert_eq!(database.one("SELECT sweep FROM ticket_rotation"), "2");
    database.complete(&["verify"]);
}

#[test]
fn a_run_that_has_not_finished_is_not_swept() {
    let database = Database::with_tickets(100);
    database.end(&["sweep"], 1).says(&["table public.ticket has never been rotated"]);
    database.one("SELECT rotate_ticket_tokens(NULL, 40)");
    database.end(&["sweep"], 1).says(&["run 1 of table public.ticket is not finished"]);
    database.one("SELECT pause_ticket_rotation()");
    database.end(&["sweep"], 1).says(&["run 1 of table public.ticket is not finished"]);
}

#[test]
fn what_cures_a_run_depends_on_its_state() {
    let database = Database::with_tickets(100);
    let cure = |code: i32| json_evidence(&database, &[], code)["cure"].clone();
    database.one("SELECT rotate_ticket_tokens(NULL, 40)");
    assert_eq!(cure(3), "rotate-driver run");
    database.one("SELECT pause_ticket_rotation()");
    assert_eq!(cure(3), "rotate-driver resume");
    database.one("SELECT cancel_ticket_rotation()");
    assert_eq!(cure(3), "rotate-driver run --new");
    database.complete(&["run", "--new"]);
    assert_eq!(cure(0), serde_json::Value::Null);
    database.one("SELECT forget_ticket_rotation(2)");
    assert_eq!(cure(3), "rotate-driver run --new");
}
