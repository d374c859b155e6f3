//! Which edition of ticket_ext the tests run with: the extension, or with EDITION=plain the plain-SQL one, as on a
//! managed server: by a role that is no superuser and owns the database.

use std::sync::Mutex;

use super::database::Database;
use super::server::Server;

const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/ticket_rotation.sql"));

/// Who owns databases with the plain-SQL edition, and all that is in them. It may do what administrators of managed
/// servers may.
pub const OWNER: &str = "rotation_owner";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    Extension,
    Plain,
}

impl Edition {
    pub fn of_tests() -> Self {
        match std::env::var("EDITION").as_deref() {
            Ok("plain") => Self::Plain,
            _ => Self::Extension,
        }
    }

    /// The role that a database is for.
    pub fn role(self, server: &Server) -> String {
        match self {
            Self::Extension => server.variable("PGUSER").to_owned(),
            Self::Plain => {
                create_owner(server);
                OWNER.to_owned()
            }
        }
    }

    /// Tests call the functions by their plain names, whatever edition they are of.
    pub fn install(self, database: &Database) {
        match self {
            Self::Extension => database.execute("CREATE EXTENSION ticket_ext"),
            Self::Plain => {
                database.complete(&["setup"]);
                let path = "SET search_path = \"$user\", public, ticket_ext";
                database.execute(&format!("ALTER DATABASE {} {path}", database.name));
            }
        }
    }

    /// As the extension is: where words that name the schema are compared. The driver looks for none there.
    pub fn install_into_public(self, database: &Database) {
        match self {
            Self::Extension => self.install(database),
            Self::Plain => database.execute(&format!("BEGIN;\n{};\nCOMMIT", script("public"))),
        }
    }
}

pub fn script(schema: &str) -> String {
    SCRIPT.replace("@extschema@", &format!("\"{schema}\""))
}

fn create_owner(server: &Server) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _lock = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let postgres = Database::named(server, "postgres");
    if postgres.count(&format!("pg_roles WHERE rolname = '{OWNER}'")) == 0 {
        postgres.execute(&format!(
            "CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB;
             GRANT pg_monitor, pg_signal_backend TO {OWNER}"
        ));
    }
}
