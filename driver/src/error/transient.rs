//! Transient errors: those that pass by themselves, so that it is worth trying again.

use postgres::error::SqlState;

use super::{Error, is_lost, is_own};

/// What the next attempt is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOn {
    NewConnection,
    SameConnection,
}

impl Error {
    /// None: trying again would end in the same way.
    pub fn retry_on(&self) -> Option<RetryOn> {
        match self {
            Self::Server(error) => match error.code() {
                Some(code) => by_code(code),
                None => is_lost(error).then_some(RetryOn::NewConnection),
            },
            // Where a server has answered before, it or its load balancer may do so again.
            Self::Unreachable { .. }
            | Self::Unsuitable { .. }
            | Self::TurnedAway(_)
            | Self::PasswordCommand(_)
            | Self::Silent(_)
            | Self::NotPostgres { .. }
            | Self::Tls { cut_off: true, .. } => Some(RetryOn::NewConnection),
            _ => None,
        }
    }

    /// What passes before any connection was made: only what the right server says itself. A plain
    /// refusal is rather a mistake in the address, to be heard of at once.
    pub fn is_server_busy(&self) -> bool {
        self.code().is_some_and(is_busy)
    }

    /// What somebody holds, a range, a table or a run, and who does. Of tickets that are locked the server gives no
    /// such detail.
    pub fn held_by(&self) -> Option<String> {
        let Self::Server(error) = self else { return None };
        let said = error.as_db_error().filter(|said| self.is_lock_timeout() && is_own(said))?;
        Some(format!("{}. {}", said.message(), said.detail()?.trim_end_matches('.')))
    }

    pub fn is_lock_timeout(&self) -> bool {
        self.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// What a batch meets that takes too long for somebody: a smaller one may get through.
    pub fn is_about_time(&self) -> bool {
        self.is_lock_timeout()
            || self.is_cancelled_statement()
            || self.code().is_some_and(is_transaction_timeout)
    }

    /// Somebody has cancelled the statement, or a time limit has.
    pub fn is_cancelled_statement(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::QUERY_CANCELED))
    }

    /// Of a server that could be written to before: a standby is in its place, while a failover lasts.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION))
    }
}

/// A server that ends says so also to whoever is logging in.
fn is_busy(code: &SqlState) -> bool {
    matches!(
        *code,
        SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
    )
}

/// Of PostgreSQL 17: it ends the session.
fn is_transaction_timeout(code: &SqlState) -> bool {
    code.code() == "25P04"
}

/// Class 08 is what poolers answer in when they have lost the server.
fn by_code(code: &SqlState) -> Option<RetryOn> {
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => Some(RetryOn::SameConnection),
        SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_SESSION_TIMEOUT
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Some(RetryOn::NewConnection),
        _ if is_transaction_timeout(code) => Some(RetryOn::NewConnection),
        _ => code.code().starts_with("08").then_some(RetryOn::NewConnection),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retried_on(codes: &[&str]) -> Vec<Option<RetryOn>> {
        codes.iter().map(|code| by_code(&SqlState::from_code(code))).collect()
    }

    #[test]
    fn conflicts_are_repeated_and_lost_connections_renewed() {
        assert_eq!(retried_on(&["40001", "40P01", "55P03"]), [Some(RetryOn::SameConnection); 3]);
        let lost = ["53300", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "08000", "08006", "08P01"];
        assert_eq!(retried_on(&lost), [Some(RetryOn::NewConnection); 10]);
    }

    #[test]
    fn what_a_person_has_to_mend_is_not_tried_again() {
        let lasting = ["25006", "57014", "28P01", "3D000", "42P01", "42501", "53100", "55000", "57P04"];
        assert_eq!(retried_on(&lasting), [None; 9]);
    }

    #[test]
    fn a_server_that_starts_or_ends_is_waited_for_before_it_was_reached() {
        let busy = |code: &str| is_busy(&SqlState::from_code(code));
        assert!(["53300", "57P01", "57P02", "57P03"].into_iter().all(busy));
        assert!(!["28P01", "3D000", "42501", "XX000"].into_iter().any(busy));
    }

    #[test]
    fn an_unreachable_server_counts_once_it_was_reached() {
        for error in [
            Error::Unreachable { server: "h".into(), reason: "refused".into() },
            Error::Unsuitable { server: "h".into(), wanted: "primary" },
            Error::PasswordCommand("failed".into()),
        ] {
            assert!(error.retry_on() == Some(RetryOn::NewConnection) && !error.is_server_busy(), "{error}");
        }
        let refused = |cut_off| Error::Tls { server: "h".into(), reason: "no".into(), cut_off };
        assert_eq!(
            (refused(true).retry_on(), refused(false).retry_on()),
            (Some(RetryOn::NewConnection), None)
        );
    }
}
