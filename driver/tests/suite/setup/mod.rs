//! `rotate-driver setup`: the plain-SQL edition, in databases of owners who are no superusers.

mod install;
mod look_alikes;
mod printed;
mod remove;
mod rotation;
mod versions;

use std::process::Command;

use postgres::Client;

use crate::common::{Database, Ended, Running};

/// A superuser's, with the extension.
fn with_extension() -> Database<'static> {
    let database = Database::create_empty().for_superuser();
    database.execute("CREATE EXTENSION ticket_ext");
    database
}

/// A database with an owner of its own, who owns nothing else.
struct Owned {
    database: Database<'static>,
    owner: String,
}

impl Owned {
    fn create() -> Self {
        let database = Database::create_empty().for_superuser();
        let owner = format!("owner_of_{}", database.name);
        database.execute(&format!(
            "CREATE ROLE {owner} LOGIN; ALTER DATABASE {0} OWNER TO {owner};
             ALTER DATABASE {0} SET search_path = public, ticket_ext;
             REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO {owner}",
            database.name
        ));
        Self { database, owner }
    }

    fn with_setup() -> Self {
        let owned = Self::create();
        owned.driver(&["setup"]).expect(0);
        owned
    }

    fn driver(&self, arguments: &[&str]) -> Ended {
        self.driver_as(&self.owner, arguments)
    }

    fn driver_as(&self, role: &str, arguments: &[&str]) -> Ended {
        let mut command = self.database.driver(arguments);
        command.env("PGUSER", role);
        Running::start(command).wait()
    }

    fn psql(&self) -> Command {
        let mut psql = self.database.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]).env("PGUSER", &self.owner);
        psql
    }

    /// A session of the owner.
    fn connect(&self) -> Client {
        let mut client = self.database.connect();
        client.batch_execute(&format!("SET SESSION AUTHORIZATION {}", self.owner)).expect("a superuser may");
        client
    }

    fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Another role without privileges.
    fn other(&self, name: &str) -> String {
        let role = format!("{name}_of_{}", self.database.name);
        self.database.execute(&format!("CREATE ROLE {role} LOGIN"));
        role
    }

    fn has_schema(&self, name: &str) -> bool {
        self.database.count(&format!("pg_namespace WHERE nspname = '{name}'")) == 1
    }
}
