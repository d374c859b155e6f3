//! How many of the listed tokens are in use.

use std::collections::BTreeSet;

use super::layout::Wanted;
use super::list::List;
use super::options::ListOptions;
use super::place::Place;
use crate::error::Error;
use crate::session::Session;

/// Tokens that are looked for by one statement. Where the table has no index on them, each reads all of it.
const CHUNK: usize = 100_000;
/// Tickets that are named of those whose token is on the list.
const MOST_NAMED: usize = 10;

#[derive(Default)]
pub struct Leaked {
    pub listed: u64,
    /// Entries of the list whose token some ticket has.
    pub live: u64,
    /// The first tickets that have one.
    pub live_keys: BTreeSet<i64>,
    /// Records of the list without a token.
    pub without_token: u64,
}

pub fn find(session: &mut Session, options: &ListOptions) -> Result<Option<Leaked>, Error> {
    let Some(file) = &options.leaked else { return Ok(None) };
    let place = Place::of(session)?;
    let token_column = session.target().token_column.clone();
    let wanted = Wanted { column: options.column.as_ref(), token_column: &token_column };
    let mut list = List::open(file, place.form, &wanted)?;
    let mut leaked = Leaked::default();
    while let Some(chunk) = list.chunk(CHUNK)? {
        leaked.listed += chunk.lines.len() as u64;
        leaked.add(&place.live(session, &chunk)?);
    }
    leaked.without_token = list.without_token;
    Ok(Some(leaked))
}

impl Leaked {
    fn add(&mut self, live: &[(i32, i64)]) {
        self.live += live.iter().map(|(entry, _)| entry).collect::<BTreeSet<_>>().len() as u64;
        for (_, key) in live {
            self.live_keys.insert(*key);
            if self.live_keys.len() > MOST_NAMED {
                self.live_keys.pop_last();
            }
        }
    }
}
