//! What to do about an error. The server's own hint goes first: it knows more.

use postgres::error::SqlState;

use super::{Error, withheld};

const PASSWORD: &str =
    "Set PGPASSWORD, or add a line host:port:database:user:password to ~/.pgpass (mode 0600).";
const REACH: &str = "Check that the server runs there; name another by --url postgresql://user@host:port/database, or by PGHOST and PGPORT.";
const IPV6: &str = "This machine has no way to that address, which may be an IPv6 one: \
                    name another by --url, such as the provider's pooler with an IPv4 address.";
const POOLER: &str = "A pooler has answered: check host, port, user and database; \
                      some take user.project as the user.";
const COMMAND: &str = "The first line that it prints is taken as the password. It runs without a shell; \
                       to ask for one: --password-command 'sh -c \"…\"'";
const CONTINUE: &str = "`rotate-driver run` with the same options continues after the last committed batch.";

const READ_ONLY: &str = "Transactions of this role are read-only unless they ask to write; in SQL: \
                         ALTER ROLE … SET default_transaction_read_only = off; some providers turn it on while \
                         the disk is nearly full.";

impl Error {
    /// The extension's own hint is for psql: it changes a session.
    fn is_read_only_by_default(&self) -> bool {
        let Self::Server(error) = self else { return false };
        let said = error.as_db_error().and_then(withheld::hint);
        self.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
            && said.is_some_and(|hint| hint.starts_with("SET SESSION CHARACTERISTICS"))
    }

    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Server(_) if self.is_read_only_by_default() => Some(READ_ONLY),
            Self::Server(error) => error
                .as_db_error()
                .and_then(withheld::hint)
                .or_else(|| self.code().map_or(Some(CONTINUE), by_code)),
            Self::ConnectionString(_) => Some(
                "Form: postgresql://user:password@host:port/database?sslmode=verify-full, special characters percent-encoded (@ is %40, / is %2F).",
            ),
            Self::Refused { instead, .. } => Some(instead),
            Self::PasswordCommand(_) => Some(COMMAND),
            Self::Unsuitable { .. } => {
                Some("Name more hosts, as host=a,b, or another target_session_attrs (PGTARGETSESSIONATTRS).")
            }
            Self::TurnedAway(_) => Some(POOLER),
            Self::Unreachable { reason, .. } if reason.contains("etwork is unreachable") => Some(IPV6),
            Self::Unreachable { .. } | Self::Silent(_) | Self::NotPostgres { .. } => Some(REACH),
            Self::Tls { .. } => Some("See sslmode and sslrootcert in --url, or PGSSLMODE and PGSSLROOTCERT."),
            Self::PasswordMissing(_) => Some(PASSWORD),
            Self::Shards { remedy, .. } => Some(remedy),
            Self::Edition(error) => Some(error.hint()),
            Self::TableMissing(_) => Some(
                "Quote it as SQL does: --table '\"My Table\"', or --table schema.name; rotate-driver init makes a sample table.",
            ),
            Self::TableForeign { .. } => {
                Some("Name another table by --table, or drop this one yourself first.")
            }
            Self::TargetChanged { .. } => Some(
                "It was renamed, or dropped and created again, or search_path or the server's settings ticket_ext.* lead elsewhere now: see rotate-driver status, and name the table that is meant by --table schema.name.",
            ),
            Self::LeakedLine { .. } | Self::LeakedColumn { .. } => Some(
                "One token a line is read, or a column of a file: --column NAME or --column N says which holds the tokens.",
            ),
            Self::Throttle { reason, hint, .. } => match reason.as_ref() {
                Self::Server(error) => error.as_db_error().and_then(withheld::hint).or(*hint),
                reason => reason.hint(),
            },
            Self::ReplicaMissing(_) => Some(
                "Name it as in application_name of pg_stat_replication, or slot_name of pg_replication_slots.",
            ),
            Self::StatisticsHidden { remedy, .. } => Some(remedy),
            Self::ThrottleType(_) => Some("For example: --throttle-query 'SELECT count(*) > 100 FROM job'"),
            // What continues it is said in full.
            Self::GaveUp { reason, .. } => reason.hint().filter(|hint| *hint != CONTINUE),
            Self::Output(_) => Some(CONTINUE),
            Self::Parameter(_)
            | Self::Login { .. }
            | Self::LeakedUnreadable { .. }
            | Self::LeakedEmpty(_)
            | Self::LeakedForeign(_)
            | Self::Interrupted(_) => None,
        }
    }
}

fn by_code(code: &SqlState) -> Option<&'static str> {
    let hint = match *code {
        SqlState::INVALID_PASSWORD => PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "Check user and database, and the server's pg_hba.conf."
        }
        SqlState::INVALID_CATALOG_NAME => "Name the database by --url postgresql://…/database or PGDATABASE.",
        SqlState::INSUFFICIENT_PRIVILEGE => "sql/roles.sql grants a role what a rotation needs.",
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "This session is read-only, as on a standby: connect to the primary server."
        }
        SqlState::INVALID_NAME | SqlState::INVALID_PARAMETER_VALUE | SqlState::SYNTAX_ERROR => {
            "Quote a table as SQL does: --table '\"My Table\"', or --table schema.name."
        }
        SqlState::QUERY_CANCELED => {
            "Where statement_timeout ended the batch, run with a smaller --batch; the last one was rolled back."
        }
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => CONTINUE,
        _ => return None,
    };
    Some(hint)
}
