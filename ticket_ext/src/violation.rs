//! Violated constraints, without the row: the server quotes it in full, with its tokens and whatever else is
//! secret, to the caller and in its log.

use std::panic::AssertUnwindSafe;

use pgrx::PgSqlErrorCode as Code;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;

use crate::error::TicketError;

const CODES: [Code; 7] = [
    Code::ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
    Code::ERRCODE_RESTRICT_VIOLATION,
    Code::ERRCODE_NOT_NULL_VIOLATION,
    Code::ERRCODE_FOREIGN_KEY_VIOLATION,
    Code::ERRCODE_UNIQUE_VIOLATION,
    Code::ERRCODE_CHECK_VIOLATION,
    Code::ERRCODE_EXCLUSION_VIOLATION,
];

/// The error ends the transaction as before; only its DETAIL is left out.
pub fn without_row<T>(work: impl FnOnce() -> Result<T, TicketError>) -> Result<T, TicketError> {
    let attempt = PgTryBuilder::new(AssertUnwindSafe(work));
    CODES.into_iter().fold(attempt, |attempt, code| attempt.catch_when(code, withhold)).execute()
}

fn withhold<T>(caught: CaughtError) -> Result<T, TicketError> {
    match caught {
        CaughtError::PostgresError(said) => {
            Err(TicketError::Violation { code: said.sql_error_code(), message: said.message().to_owned() })
        }
        other => other.rethrow(),
    }
}
