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
        CaughtError::PostgresError(ref said) if !is_raised(said.function_name().unwrap_or_default()) => {
            Err(TicketError::Violation { code: said.sql_error_code(), message: said.message().to_owned() })
        }
        other => other.rethrow(),
    }
}

/// By a function in a procedural language, which chooses code and words: they may quote the row, and are not to
/// be taken for the extension's own.
fn is_raised(routine: &str) -> bool {
    routine.starts_with("exec_stmt_") || routine.starts_with("PLy_")
}
