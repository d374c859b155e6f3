//! The main job with the plain-SQL edition, as an owner who is no superuser: what a newcomer types.

use super::Owned;
use crate::common::{Ended, List, Page, Running, oracle, script};

fn with_tickets(tickets: u32) -> Owned {
    let owned = Owned::with_setup();
    owned.driver(&["init", "--size", &tickets.to_string()]).expect(0);
    owned.execute("CREATE TABLE leaked AS SELECT id, token FROM ticket");
    owned
}

impl Owned {
    /// A script of `sql/`, as the owner.
    fn script(&self, name: &str, variables: &[(&str, &str)]) -> Ended {
        let mut psql = script(&self.database, name, variables);
        psql.env("PGUSER", &self.owner);
        Running::start(psql).wait()
    }

    fn old_tokens(&self) -> i64 {
        self.database.count("ticket JOIN leaked USING (id, token)")
    }
}

#[test]
fn an_owner_rotates_and_proves_it_without_any_extension() {
    let owned = with_tickets(3000);
    let list = List::of(&owned.database, "SELECT token FROM leaked");
    owned.driver(&["run", "--dry-run"]).expect(0);
    owned.driver(&["run", "--workers", "2", "--batch", "200", "--verify"]).expect(0);
    assert_eq!(owned.old_tokens(), 0);
    let said = owned.driver(&["verify", "--leaked", list.path()]).expect(0).stdout;
    assert!(said.contains("leaked list       holds: 3000 listed: 3000 retired by run "), "{said}");
    let traced = owned.driver(&["trace", "--leaked", list.path()]).expect(0).stdout;
    assert!(traced.contains("retired"), "{traced}");
    let status = owned.driver(&["status"]).expect(0).stdout;
    assert!(status.contains("100.00 % (3000 of 3000)"), "{status}");
}

#[test]
fn a_run_is_interrupted_paused_and_continued() {
    let owned = with_tickets(1000);
    oracle::watch(&owned.database);
    owned.execute("SELECT ticket_ext.rotate_ticket_tokens(NULL, 300)");
    owned.driver(&["pause"]).expect(0);
    owned.driver(&["run"]).expect(4);
    owned.driver(&["resume"]).expect(0);
    owned.driver(&["tune", "--nice", "1"]).expect(0);
    owned.driver(&["run"]).expect(0);
    oracle::assert_rotated_once(&owned.database);
}

#[test]
fn the_words_of_its_errors_are_shown() {
    let owned = with_tickets(10);
    owned.driver(&["pause"]).expect(1).says(&["has never been rotated", "HINT: "]);
    owned.driver_as("postgres", &["run"]).expect(1).says(&["does not trust that one"]);
}

/// Of a table whose owner is one as well, there is no role to change to.
#[test]
fn a_superuser_is_told_as_whom_to_rotate() {
    let owned = with_tickets(10);
    let (owner, refused) =
        (&owned.owner, "ERROR 42501: a superuser cannot rotate the tokens of table public.ticket");
    owned.database.execute(&format!("ALTER ROLE {owner} SUPERUSER"));
    let ended = owned.driver(&["run"]).expect(1).says(&[refused, "HINT: Give it to a role without them"]);
    assert!(
        ended.stderr.contains("ALTER TABLE public.ticket OWNER TO role; SET ROLE role;"),
        "{}",
        ended.stderr
    );
    let other = owned.other("app");
    owned.database.execute(&format!("ALTER TABLE ticket OWNER TO {other}"));
    let hint = format!("HINT: Rotate as the owner of the table: SET ROLE {other};");
    owned.driver(&["run"]).expect(1).says(&[refused, &hint]);
    owned.database.execute(&format!("ALTER ROLE {owner} NOSUPERUSER; GRANT {other} TO {owner}"));
    owned.driver(&["run"]).expect(0);
    assert_eq!(owned.old_tokens(), 0);
}

#[test]
fn a_member_of_its_owner_rotates_and_other_roles_are_told_so() {
    let owned = with_tickets(50);
    let role = owned.other("rotator");
    owned.execute(&format!("GRANT USAGE ON SCHEMA ticket_ext TO {role}"));
    owned.driver_as(&role, &["run"]).expect(1).says(&["ERROR 42501: permission denied"]);
    owned.database.execute(&format!("GRANT {} TO {role}", owned.owner));
    owned.driver_as(&role, &["run"]).expect(0);
    assert_eq!(owned.old_tokens(), 0);
}

#[test]
fn a_guard_holds_off_a_retired_token_and_goes_with_the_edition() {
    let owned = with_tickets(20);
    owned.driver(&["run"]).expect(0);
    owned.driver(&["guard", "on"]).expect(0);
    owned.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    assert_eq!(owned.old_tokens(), 0);
    let said = owned.driver(&["setup", "--remove"]).expect(0).stdout;
    assert!(
        said.ends_with("\nno longer guarded: ticket\n") || said.ends_with("guarded: public.ticket\n"),
        "{said}"
    );
    owned.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
}

#[test]
fn a_default_that_calls_it_keeps_it_from_being_removed() {
    let owned = with_tickets(5);
    owned.execute("ALTER TABLE ticket ALTER token SET DEFAULT ticket_ext.new_ticket_token()");
    owned.driver(&["setup", "--remove"]).expect(1).says(&["others depend on schema ticket_ext: default"]);
}

#[test]
fn the_scripts_for_psql_find_the_owner_s_edition() {
    let owned = with_tickets(500);
    oracle::watch(&owned.database);
    let said = owned.script("psql_loop", &[("batch", "100"), ("target", "ticket")]).expect(0).stdout;
    assert!(said.ends_with("run 1 is finished: 500 tickets have a new token\n"), "{said}");
    let said = owned.script("monitor", &[]).expect(0).stdout;
    assert!(said.contains("finished"), "{said}");
    oracle::assert_rotated_once(&owned.database);
}

#[test]
fn a_schema_can_be_named_to_the_scripts() {
    let owned = Owned::create();
    owned.driver(&["setup", "--schema", "Rotation"]).expect(0);
    owned.driver(&["init", "--size", "50"]).expect(0);
    owned.script("psql_loop", &[("schema", "\"Rotation\"")]).expect(0);
    owned.driver(&["verify"]).expect(0);
}

const TAKES_OVER: &str = "INSERT INTO ticket_ext.ticket_rotation ";

fn on_the_page(words: &str) -> String {
    let blocks = Page::read("docs/managed.md").blocks();
    blocks.into_iter().find(|block| block.text.contains(words)).expect("it is on the page").text
}

#[test]
fn the_extension_takes_the_ledger_over_and_proves_the_run() {
    let owned = with_tickets(200);
    owned.driver(&["run", "--batch", "30"]).expect(0);
    owned.driver(&["setup", "--remove", "--keep-ledger"]).expect(0);
    owned.database.execute(&on_the_page("CREATE EXTENSION ticket_ext"));
    owned.database.execute(&on_the_page(TAKES_OVER));
    let list = List::of(&owned.database, "SELECT token FROM leaked");
    owned.database.complete(&["verify", "--leaked", list.path()]);
    owned.database.complete(&["run", "--new"]).says(&["run 2 is finished"]);
}

#[test]
fn the_edition_takes_the_ledger_of_the_extension_over_and_proves_the_run() {
    let owned = Owned::create();
    owned.driver(&["init", "--size", "200"]).expect(0);
    owned.execute("CREATE TABLE leaked AS SELECT id, token FROM ticket");
    owned.database.execute("CREATE EXTENSION ticket_ext");
    owned.database.complete(&["run", "--batch", "30"]);
    let hands_over = on_the_page("DROP EXTENSION ticket_ext");
    owned.database.execute(&hands_over.replace(" app;", &format!(" {};", owned.owner)));
    owned.driver(&["setup"]).expect(0);
    owned.execute(&on_the_page(TAKES_OVER));
    let list = List::of(&owned.database, "SELECT token FROM leaked");
    owned.driver(&["verify", "--leaked", list.path()]).expect(0);
    owned.driver(&["run", "--new"]).expect(0).says(&["run 2 is finished"]);
}
