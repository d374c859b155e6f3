//! What can be wrong with ticket_ext in a database: it is not there, not for this role, or of another version.

#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    #[error("extension ticket_ext is not installed in database \"{0}\"")]
    ExtensionMissing(String),
    #[error(
        "ticket_ext is not installed in database \"{0}\", and its extension is not available on this server"
    )]
    Missing(String),
    #[error(
        "the plain-SQL edition in schema {schema} belongs to role {owner}, and {role} does not trust that one"
    )]
    Untrusted { schema: String, owner: String, role: String },
    #[error(
        "extension ticket_ext in schema {schema} and its plain-SQL edition in schema {plain} do not know of each other's runs"
    )]
    Both { schema: String, plain: String },
    #[error("ticket_ext in this database is of version {installed}, and this rotate-driver of version {own}")]
    Version { installed: String, own: &'static str, update: Update },
    #[error("extension ticket_ext is installed in this database, in schema {0}: nothing was changed")]
    Extension(String),
    #[error("the plain-SQL edition is installed in schema {0}: nothing was changed")]
    Elsewhere(String),
    #[error("schema {0} exists and was not made by rotate-driver setup: nothing was changed")]
    SchemaForeign(String),
    #[error("the plain-SQL edition in schema {schema} belongs to role {owner}: nothing was changed")]
    NotOwner { schema: String, owner: String },
    #[error("role {role} may not create a schema in database {database}: nothing was changed")]
    NoCreate { role: String, database: String, grant: String },
    #[error("there is no plain-SQL edition in schema {0}: nothing was removed")]
    NothingToRemove(String),
    #[error("run {run} of {table} is not finished: nothing was removed")]
    Unfinished { run: i64, table: String },
    #[error("others depend on schema {schema}: {dependents}; nothing was removed")]
    Depended { schema: String, dependents: String },
}

/// What is to be updated where versions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    Driver,
    Extension,
    Plain,
    /// No step leads from there to here.
    Again,
}

const MISSING: &str = "Install its plain-SQL edition, as the owner of the table: rotate-driver setup";
const UNTRUSTED: &str = "Work as that role: PGUSER, or PGOPTIONS='-c role=…'. A role trusts itself, its members and \
                         superusers, and if it is no administrator the owners of the database and of the table.";
const BOTH: &str = "Finish or cancel what is unfinished, then remove one of them: \
                    rotate-driver setup --remove --keep-ledger, or DROP EXTENSION ticket_ext;";
const EXTENSION: &str =
    "rotate-driver works with the extension; the plain-SQL edition is for servers without it.";
const RUN: &str = "Finish it by rotate-driver run, or end it by rotate-driver cancel; \
                   --force removes it all the same, and nobody can continue it.";

impl EditionError {
    pub fn hint(&self) -> &str {
        match self {
            Self::ExtensionMissing(_) => "In that database, run: CREATE EXTENSION ticket_ext;",
            Self::Missing(_) => MISSING,
            Self::Untrusted { .. } => UNTRUSTED,
            Self::Both { .. } => BOTH,
            Self::Version { update, .. } => update.hint(),
            Self::Extension(_) => EXTENSION,
            Self::Elsewhere(_) => {
                "One is enough for a database. For that one: rotate-driver setup --schema NAME"
            }
            Self::SchemaForeign(_) => "Name a schema that does not exist: rotate-driver setup --schema NAME",
            Self::NotOwner { .. } => "Work as that role: PGUSER, or PGOPTIONS='-c role=…'.",
            Self::NoCreate { grant, .. } => grant,
            Self::NothingToRemove(_) => {
                "Where it is in another schema: rotate-driver setup --remove --schema NAME"
            }
            Self::Unfinished { .. } => RUN,
            Self::Depended { .. } => "Change or drop them first, as a default that calls new_ticket_token().",
        }
    }
}

impl Update {
    fn hint(self) -> &'static str {
        match self {
            Self::Driver => "Update rotate-driver.",
            Self::Extension => {
                "Update the extension's files on the server, then run: ALTER EXTENSION ticket_ext UPDATE;"
            }
            Self::Plain => "Update the plain-SQL edition, as its owner: rotate-driver setup",
            Self::Again => {
                "Install it anew, and keep its ledger: rotate-driver setup --remove --keep-ledger, then setup"
            }
        }
    }
}
