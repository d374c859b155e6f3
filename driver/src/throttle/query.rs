//! `--throttle-query`: whatever else can be asked in SQL.

use std::time::Instant;

use super::Throttle;
use crate::error::Error;
use crate::session::{Session, fill};

/// It is read twice a second.
const LIMITS: &str = "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '5s'";

const NUMBERS: [&str; 6] = ["smallint", "integer", "bigint", "numeric", "real", "double precision"];

pub struct Query {
    sql: String,
}

impl Query {
    /// As a subquery: a SELECT is what it can be, and one row of it is enough.
    pub fn new(query: &str) -> Self {
        let query = query.trim_end().trim_end_matches(';');
        Self { sql: fill(include_str!("../sql/throttle_query.sql"), &[("query", query)]) }
    }
}

impl Throttle for Query {
    fn name(&self) -> &'static str {
        "the throttle query"
    }

    fn hint(&self, _: &Error) -> Option<&'static str> {
        Some(
            "It is one SELECT that changes nothing and takes less than 5 s: try it in psql, as the same role.",
        )
    }

    /// Rolled back, so that not even a setting is left behind in a session that others may share.
    fn read(&mut self, session: &mut Session, _: Instant) -> Result<Option<String>, Error> {
        let mut transaction = session.transaction()?;
        transaction.batch_execute(LIMITS)?;
        let row = transaction.query_typed_one(&self.sql, &[])?;
        transaction.rollback()?;
        holds(row.get("type"), row.get("value"))
            .map(|holds| holds.then(|| "the throttle query says so".to_owned()))
    }
}

/// A number that is not one (NaN) holds, as it does in SQL, where it is above all others.
fn holds(kind: &str, value: Option<&str>) -> Result<bool, Error> {
    match value {
        _ if kind != "boolean" && !NUMBERS.contains(&kind) => Err(Error::ThrottleType(kind.to_owned())),
        None => Ok(false),
        Some(value) => {
            Ok(value == "true" || value.parse().is_ok_and(|number: f64| number > 0.0 || number.is_nan()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(kind: &str, value: &str) -> bool {
        holds(kind, Some(value)).unwrap()
    }

    #[test]
    fn true_and_positive_numbers_hold() {
        assert!(held("boolean", "true") && !held("boolean", "false"));
        for kind in NUMBERS {
            assert_eq!(["1", "0", "-1"].map(|value| held(kind, value)), [true, false, false], "{kind}");
        }
        let odd = ["0.001", "1e-7", "-0", "Infinity", "-Infinity", "NaN"];
        assert_eq!(odd.map(|value| held("numeric", value)), [true, true, false, true, false, true]);
    }

    #[test]
    fn null_and_no_row_let_the_run_go_on() {
        assert!(!holds("integer", None).unwrap());
    }

    #[test]
    fn other_types_are_refused_whatever_they_hold() {
        assert!(holds("text", Some("true")).is_err() && holds("interval", None).is_err());
    }
}
