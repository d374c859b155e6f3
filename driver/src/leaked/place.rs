//! Where leaked tokens are looked for: the target and its token column.

use std::collections::BTreeSet;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::Type;
use postgres::{Row, Transaction};

use super::form::Form;
use super::list::Chunk;
use super::outcome::{Outcome, Retired};
use crate::error::Error;
use crate::session::{Session, fill, lift_limits};

pub struct Place {
    pub form: Form,
    indexed: bool,
    live: String,
    retired: String,
}

/// The planner takes a scan of a table with a million tickets for cheaper than looking up 100,000 of them.
const BY_INDEX: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

impl Place {
    pub fn of(session: &mut Session) -> Result<Self, Error> {
        let target = session.target().clone();
        let schema = [("schema", session.schema())];
        let retired = fill(include_str!("../sql/leaked_retired.sql"), &schema);
        let place = fill(include_str!("../sql/leaked_place.sql"), &schema);
        let mut transaction = begin(session)?;
        let row = transaction.query_typed_one(&place, &target.parameters())?;
        let names = ["table", "key", "token", "type", "equals"].map(|name| (name, row.get(name)));
        Ok(Self {
            form: form(&row),
            indexed: row.get("indexed"),
            live: fill(include_str!("../sql/leaked_live.sql"), &names),
            retired,
        })
    }

    /// Of each entry of the chunk. What is retired is read first: the other query has settings of its own.
    pub fn outcomes(
        &self,
        session: &mut Session,
        chunk: &Chunk,
        forgotten: &mut BTreeSet<i64>,
    ) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = vec![Outcome::default(); chunk.lines.len()];
        let target = session.target().clone();
        let listed = [chunk.tokens.parameter(), (&chunk.entries, Type::INT4_ARRAY)];
        let mut transaction = begin(session)?;
        let mut rows =
            transaction.query_typed_raw(&self.retired, [target.parameters(), listed.clone()].concat())?;
        while let Some(row) = rows.next()? {
            match row.get::<_, Option<i32>>("entry") {
                Some(entry) => outcomes[entry as usize].add_retired(Retired::from(&row)),
                None => drop(forgotten.insert(row.get("run_id"))),
            }
        }
        drop(rows);
        if self.indexed {
            transaction.batch_execute(BY_INDEX)?;
        }
        let mut rows = transaction.query_typed_raw(&self.live, listed)?;
        while let Some(row) = rows.next()? {
            outcomes[row.get::<_, i32>("entry") as usize].add_live(row.get::<_, String>("key").into());
        }
        drop(rows);
        Ok(outcomes)
    }
}

impl From<&Row> for Retired {
    fn from(row: &Row) -> Self {
        Self { run_id: row.get("run_id"), key: row.get::<_, String>("key").into(), at: row.get("retired_at") }
    }
}

/// It only reads, so that a standby serves as well, and ends with the chunk: no snapshot is held for long.
fn begin(session: &mut Session) -> Result<Transaction<'_>, Error> {
    let mut transaction = session.transaction()?;
    transaction.batch_execute(include_str!("../sql/leaked_settings.sql"))?;
    lift_limits(&mut transaction)?;
    Ok(transaction)
}

fn form(place: &Row) -> Form {
    match place.get("type") {
        "uuid" => Form::Uuid,
        "bytea" => Form::Bytes,
        _ => Form::Text(place.get::<_, Option<i32>>("longest").map(|longest| longest as usize)),
    }
}
