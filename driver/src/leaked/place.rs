//! Where leaked tokens are looked for: the target and its token column.

use postgres::types::Type;
use postgres::{Row, Transaction};

use super::form::Form;
use super::list::Chunk;
use crate::error::Error;
use crate::session::{Session, fill};

pub struct Place {
    pub form: Form,
    indexed: bool,
    live: String,
}

/// The planner takes a scan of a table with a million tickets for cheaper than looking up 100,000 of them.
const BY_INDEX: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

impl Place {
    pub fn of(session: &mut Session) -> Result<Self, Error> {
        let target = session.target().clone();
        let mut transaction = begin(session)?;
        let row =
            transaction.query_typed_one(include_str!("../sql/leaked_place.sql"), &target.parameters())?;
        let names = ["table", "key", "token", "type", "equals"].map(|name| (name, row.get(name)));
        Ok(Self {
            form: form(&row),
            indexed: row.get("indexed"),
            live: fill(include_str!("../sql/leaked_live.sql"), &names),
        })
    }

    /// The entries of the chunk whose tokens are in use, and the keys of their tickets.
    pub fn live(&self, session: &mut Session, chunk: &Chunk) -> Result<Vec<(i32, i64)>, Error> {
        let parameters = [chunk.tokens.parameter(), (&chunk.entries, Type::INT4_ARRAY)];
        let mut transaction = begin(session)?;
        if self.indexed {
            transaction.batch_execute(BY_INDEX)?;
        }
        let rows = transaction.query_typed(&self.live, &parameters)?;
        Ok(rows.iter().map(|row| (row.get("entry"), row.get("key"))).collect())
    }
}

/// It only reads, so that a standby serves as well, and ends with the chunk: no snapshot is held for long.
fn begin(session: &mut Session) -> Result<Transaction<'_>, Error> {
    let mut transaction = session.transaction()?;
    transaction.batch_execute(include_str!("../sql/leaked_settings.sql"))?;
    Ok(transaction)
}

fn form(place: &Row) -> Form {
    match place.get("type") {
        "uuid" => Form::Uuid,
        "bytea" => Form::Bytes,
        _ => Form::Text(place.get::<_, Option<i32>>("longest").map(|longest| longest as usize)),
    }
}
