//! Looks a list up, chunk by chunk: among the tokens in use, and among those that the runs of the target have retired.

use std::collections::BTreeSet;

use super::layout::Wanted;
use super::list::List;
use super::options::ListFile;
use super::outcome::Outcome;
use super::place::Place;
use crate::error::Error;
use crate::session::Session;

/// Tokens at a time. For each chunk the ledger is read once, and where the table has no index on tokens, the table.
const CHUNK: usize = 100_000;

pub struct LookUp {
    place: Place,
    list: List,
    /// Runs whose entries are dropped: what they retired is not known.
    pub forgotten: BTreeSet<i64>,
}

impl LookUp {
    pub fn begin(session: &mut Session, file: ListFile) -> Result<Self, Error> {
        let token_column = session.target().token_column.clone();
        let wanted = Wanted { column: file.column, token_column: &token_column };
        let place = Place::of(session)?;
        let list = List::open(file.path, place.form, &wanted)?;
        Ok(Self { place, list, forgotten: BTreeSet::new() })
    }

    /// The next entries of the list, by their lines. None at its end.
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Vec<(u64, Outcome)>>, Error> {
        let Some(chunk) = self.list.chunk(CHUNK)? else { return Ok(None) };
        let outcomes = self.place.outcomes(session, &chunk, &mut self.forgotten)?;
        Ok(Some(chunk.lines.into_iter().zip(outcomes).collect()))
    }

    /// Records of the list that have nothing where the token should be.
    pub fn without_token(&self) -> u64 {
        self.list.without_token
    }
}
