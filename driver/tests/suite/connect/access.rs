//! What is missing on a server that answers, and what to do about it.

use crate::common::{Database, Running, Server};

#[test]
fn a_missing_database_is_named_with_the_way_to_name_another() {
    let database = Database::named(Server::shared(), "nowhere");
    database.end(&["run"], 1).says(&[
        "3D000: database \"nowhere\" does not exist",
        "HINT: Name the database by --url postgresql://…/database or PGDATABASE.",
    ]);
}

#[test]
fn a_missing_extension_comes_with_the_statement_that_creates_it() {
    let database = Database::create_empty_on(Server::shared());
    for command in ["run", "status", "pause", "resume", "cancel"] {
        database.end(&[command], 1).says(&[
            &format!("extension ticket_ext is not installed in database \"{}\"", database.name),
            "HINT: In that database, run: CREATE EXTENSION ticket_ext;",
        ]);
    }
}

#[test]
fn a_missing_table_is_named_with_the_ways_to_name_one() {
    let database = Database::create();
    database.end(&["run"], 1).says(&["there is no table ticket", "HINT: Quote it as SQL does"]);
    let ended = database.end(&["run", "--table", "My Table"], 1);
    ended.says(&["as SQL does: --table '\"My Table\"'"]);
}

#[test]
fn a_missing_column_is_named() {
    let database = Database::with_tickets(10);
    let ended = database.end(&["run", "--token-column", "secret"], 1);
    ended.says(&["42703: table public.ticket has no column \"secret\"", "HINT: "]);
}

#[test]
fn a_role_without_grants_is_told_what_it_needs() {
    let database = Database::with_tickets(10);
    let role = format!("stranger_{}", database.name);
    database.execute(&format!("CREATE ROLE {role} LOGIN"));
    for command in ["run", "status"] {
        let mut command = database.driver(&[command]);
        command.env("PGUSER", &role);
        let ended = Running::start(command).wait().expect(1);
        ended.says(&["42501: permission denied", "HINT: sql/roles.sql grants a role what a rotation needs."]);
    }
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
}

#[test]
fn a_role_that_does_not_exist_is_named() {
    let database = Database::create();
    let mut command = database.driver(&["run"]);
    command.env("PGUSER", "nobody in particular");
    Running::start(command).wait().expect(1).says(&["28000", "role \"nobody in particular\" does not exist"]);
}

#[test]
fn a_session_that_is_read_only_by_default_is_told_so() {
    let database = Database::with_tickets(10);
    let mut command = database.driver(&["run"]);
    command.env("PGOPTIONS", "-c default_transaction_read_only=on");
    Running::start(command).wait().expect(1).says(&[
        "25006: cannot rotate tokens in a read-only transaction",
        "default_transaction_read_only is on",
        "HINT: Transactions of this role are read-only unless they ask to write",
    ]);
}
