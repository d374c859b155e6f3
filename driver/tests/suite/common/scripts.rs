//! The files in `sql/`, as psql runs them.

use std::process::Command;

use super::database::Database;
use super::process::Running;
use super::server::repository;

pub fn script(database: &Database, name: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = database.program("psql");
    command.arg("--no-psqlrc").arg("-f").arg(repository().join(format!("sql/{name}.sql")));
    for (name, value) in variables {
        command.arg("-v").arg(format!("{name}={value}"));
    }
    command
}

/// A role that can log in, with what sql/roles.sql grants it.
pub fn rotator(database: &Database, target: &str) -> String {
    let role = format!("rotator of {}", database.name);
    database.execute(&format!("CREATE ROLE \"{role}\" LOGIN"));
    let schema = database.edition().schema();
    let variables = [("role", &*role), ("target", target), ("token_column", "token"), ("schema", schema)];
    Running::start(script(database, "roles", &variables)).wait().expect(0);
    role
}
