//! What a removal takes away, what it keeps, and where it refuses.

use super::Owned;

const RUN: &str = "INSERT INTO ticket_ext.ticket_rotation
    (target, target_oid, target_name, key_column, key_number, token_column, token_number, upper_id, horizon,
     ledger_identity, tickets_planned)
    VALUES ('ticket', 'ticket'::regclass, 'public.ticket', 'id', 1, 'token', 2, 10, '3', '1', 10)";

fn with_run() -> Owned {
    let owned = Owned::with_setup();
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid)");
    owned.execute(RUN);
    owned
}

#[test]
fn a_removal_leaves_nothing_of_it() {
    let owned = Owned::with_setup();
    let said = owned.driver(&["setup", "--remove"]).expect(0).stdout;
    assert_eq!(said, format!("removed schema ticket_ext of database {}\n", owned.database.name));
    assert!(!owned.has_schema("ticket_ext"));
    owned
        .driver(&["setup", "--remove"])
        .expect(1)
        .says(&["there is no plain-SQL edition in schema ticket_ext"]);
}

#[test]
fn a_run_that_is_not_finished_is_kept_unless_it_is_forced() {
    let owned = with_run();
    owned.driver(&["setup", "--remove"]).expect(1).says(&[
        "run 1 of public.ticket is not finished: nothing was removed",
        "HINT: Finish it by rotate-driver run, or end it by rotate-driver cancel",
    ]);
    owned.driver(&["setup", "--remove", "--force"]).expect(0);
    assert!(!owned.has_schema("ticket_ext"));
}

#[test]
fn the_ledger_is_kept_under_another_name_and_taken_for_no_edition() {
    let owned = with_run();
    for kept in ["ticket_ext_ledger", "ticket_ext_ledger2"] {
        let said = owned.driver(&["setup", "--remove", "--keep-ledger", "--force"]).expect(0).stdout;
        assert!(said.ends_with(&format!("\nkept the ledger: schema {kept}\n")), "{said}");
        let left = format!("pg_proc WHERE pronamespace = '{kept}'::regnamespace");
        assert_eq!(owned.database.count(&left), 0);
        owned.driver(&["status"]).expect(1).says(&["ticket_ext is not installed"]);
        owned.driver(&["setup"]).expect(0);
    }
    assert_eq!(owned.database.count("ticket_ext_ledger.ticket_rotation"), 1);
}

#[test]
fn what_others_have_built_on_it_is_named_and_not_dropped() {
    let owned = Owned::with_setup();
    owned.execute("CREATE VIEW mine AS SELECT run_id FROM ticket_ext.ticket_rotation");
    let dependents = "others depend on schema ticket_ext: rule _RETURN on view mine; nothing was removed";
    for arguments in [&["setup", "--remove"][..], &["setup", "--remove", "--keep-ledger", "--force"]] {
        owned.driver(arguments).expect(1).says(&[dependents]);
    }
    owned.execute("DROP VIEW mine");
    owned.driver(&["setup", "--remove"]).expect(0);
}

#[test]
fn a_schema_that_is_no_edition_is_not_removed() {
    let owned = Owned::create();
    owned.execute("CREATE SCHEMA ticket_ext; CREATE TABLE ticket_ext.mine ()");
    owned
        .driver(&["setup", "--remove"])
        .expect(1)
        .says(&["there is no plain-SQL edition in schema ticket_ext"]);
    assert_eq!(owned.database.count("ticket_ext.mine"), 0);
}
