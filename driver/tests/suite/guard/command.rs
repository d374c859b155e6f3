//! `rotate-driver guard`, and `run --guard`.

use serde_json::Value;

use super::{guarded, held_off, live};
use crate::common::{Database, Lock, rotator};

fn status(database: &Database) -> String {
    database.complete(&["guard", "status"]).stdout
}

#[test]
fn the_guard_is_put_on_looked_at_and_taken_off() {
    let database = Database::with_tickets(100);
    assert!(status(&database).contains("guard           off\n"));
    let said = |words: &[&str]| database.complete(&[&["guard"], words].concat()).stdout;
    assert!(said(&["on"]).starts_with("ticket (token) is guarded from now on (keep); take it off with: "));
    assert!(said(&["on"]).contains("already (keep)"));
    assert!(said(&["on", "--refuse"]).contains("from now on (refuse)"));
    assert!(status(&database).contains("guard           refuse\n"));
    assert!(said(&["off"]).contains("is no longer guarded; put it on with: rotate-driver guard on"));
    assert!(said(&["off"]).contains("was not guarded"));
}

#[test]
fn what_it_held_off_is_shown() {
    let database = guarded(100, &[]);
    database.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7",
    );
    let last = "held off        1 write(s), the last one of ticket 7, 20";
    for command in [&["guard", "status"][..], &["status"]] {
        let text = database.complete(command).stdout;
        assert!(text.contains(last), "{text}");
        let text = database.complete(&[command, &["--format", "json"]].concat()).stdout;
        let json: Value = serde_json::from_str(&text).expect("one JSON object");
        assert_eq!(
            (&json["held_off"], &json["held_off_key"]),
            (&Value::from(1), &Value::from("7")),
            "{text}"
        );
    }
}

#[test]
fn triggers_that_were_disabled_are_named_and_put_on_again() {
    let database = guarded(100, &[]);
    database.execute("ALTER TABLE ticket DISABLE TRIGGER ALL");
    assert!(
        status(&database).contains("guard           keep, but its triggers are DISABLED: put it on again")
    );
    database.complete(&["guard", "on"]);
    assert!(status(&database).contains("guard           keep\n"));
}

#[test]
fn a_run_puts_the_guard_on_before_its_first_batch() {
    let database = Database::with_tickets(100);
    let before = database.one("SELECT token FROM ticket WHERE id = 1");
    database.complete(&["run", "--guard"]).says(&["ticket (token) is guarded from now on"]);
    super::keep_live(&database);
    database.execute(&format!("UPDATE ticket SET token = '{before}' WHERE id = 1"));
    assert_eq!((live(&database), held_off(&database)), (100, 1));
}

#[test]
fn a_run_of_a_role_that_may_not_says_who_may_and_how() {
    let database = Database::with_tickets(100);
    let role = rotator(&database, "ticket");
    let url = format!("user='{role}'");
    let (owner, schema) = (&database.role, database.edition().schema());
    let ended = database.complete(&["--url", &url, "run", "--guard"]);
    ended.says(&[
        &format!(
            "not guarded: only the owner of public.ticket, {owner}, may put the guard on or take it off"
        ),
        &format!("SELECT {schema}.guard_ticket_tokens('public.ticket', 'token');"),
        "run 1 is finished",
    ]);
    database.end(&["--url", &url, "guard", "on"], 1).says(&["must be owner of table public.ticket"]);
}

#[test]
fn a_table_that_is_in_use_is_waited_for_a_moment_at_a_time() {
    let database = Database::with_tickets(100);
    let lock = Lock::hold(&database, "UPDATE ticket SET created_at = now() WHERE id = 1");
    let waiting = database.start(&["guard", "on"]);
    waiting.wait_for_stderr("table public.ticket is locked by another session");
    drop(lock);
    waiting.wait().expect(0);
    assert!(status(&database).contains("guard           keep\n"));
}
