//! What `sql/roles.sql` grants is enough to rotate, and no more.

use crate::common::{Database, Running, oracle, rotator};

fn as_role(role: &str, database: &Database, arguments: &[&str]) -> Running {
    let mut command = database.driver(arguments);
    command.env("PGUSER", role);
    Running::start(command)
}

#[test]
fn a_role_with_the_recipes_grants_runs_the_driver_to_the_end() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let role = rotator(&database, "public.ticket");
    for (command, code) in [("status", 0), ("run", 0), ("status", 0), ("pause", 1)] {
        as_role(&role, &database, &[command]).wait().expect(code);
    }
    oracle::assert_rotated_once(&database);
    let attributes = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname";
    assert_eq!(database.one(&format!("{attributes} = '{role}'")), "false");
}

#[test]
fn a_role_may_pause_resume_and_cancel_but_not_touch_the_table_otherwise() {
    let database = Database::with_tickets(100);
    let role = rotator(&database, "public.ticket");
    database.one("SELECT rotate_ticket_tokens(0, 30)");
    for command in ["pause", "resume", "cancel"] {
        as_role(&role, &database, &[command]).wait().expect(0);
    }
    as_role(&role, &database, &["init"]).wait().expect(1);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 70);
}
