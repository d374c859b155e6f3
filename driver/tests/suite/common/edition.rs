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

    /// The role that tests work as, and that owns their databases.
    pub fn role(self, server: &Server) -> &str {
        match self {
            Self::Extension => server.variable("PGUSER"),
            Self::Plain => OWNER,
        }
    }

    pub fn create_role(self, server: &Server) {
        if self == Self::Plain {
            create_owner(server);
        }
    }

    /// Gives a database that is there to the role that tests work as.
    pub fn own(self, database: &Database) {
        self.create_role(database.server);
        let role = self.role(database.server);
        database.execute(&format!("ALTER DATABASE {} OWNER TO {role}", database.name));
    }

    /// In CREATE ROLE: one that may do what the role of the tests may.
    pub fn privileged(self) -> String {
        match self {
            Self::Extension => "SUPERUSER".to_owned(),
            Self::Plain => format!("IN ROLE {OWNER}"),
        }
    }

    /// Where its functions are.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Extension => "public",
            Self::Plain => "ticket_ext",
        }
    }

    /// What `sql/roles.sql` grants on its tables, in SQL.
    pub fn grant_ledger(self, role: &str) -> String {
        match self {
            Self::Extension => String::new(),
            Self::Plain => format!(
                "GRANT USAGE ON SCHEMA ticket_ext TO {role};
                 GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA ticket_ext TO {role};
                 GRANT EXECUTE ON FUNCTION ticket_ext.ticket_cluster() TO {role};"
            ),
        }
    }

    /// Tests call the functions by their plain names, whatever edition they are of.
    pub fn put_into_path(self, database: &Database) {
        if self == Self::Plain {
            let path = "SET search_path = \"$user\", public, ticket_ext";
            database.execute(&format!("ALTER DATABASE {} {path}", database.name));
        }
    }

    pub fn install(self, database: &Database) {
        match self {
            Self::Extension => database.execute("CREATE EXTENSION ticket_ext"),
            Self::Plain => {
                database.complete(&["setup"]);
                self.put_into_path(database);
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
