//! A session for commands of one statement or two, which tries again what passes by itself and says so.

use std::time::Duration;

use crate::console::note;
use crate::error::Error;
use crate::leaked::{self, ListFile, Summary};
use crate::session::{Link, RepeatFilter, Retrying, Scope, Session};
use crate::signals::Interrupt;

pub struct Persistent {
    link: Link,
    filter: RepeatFilter,
}

impl Persistent {
    /// `writes`: on a primary, where there are several servers.
    pub fn new(scope: &Scope, writes: bool, retry_for: Duration) -> Self {
        let link = Link::new(scope, writes, retry_for, Interrupt::default());
        Self { link, filter: RepeatFilter::default() }
    }

    pub fn persist<T>(&mut self, work: impl FnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let filter = &mut self.filter;
        let mut tell = |retrying: &Retrying| {
            if filter.is_news(retrying) {
                note(&retrying.to_string());
            }
            Ok(())
        };
        self.link.persist(&mut tell, work)
    }

    /// Standard input can be read once only.
    pub fn read_list(&mut self, file: ListFile) -> Result<Summary, Error> {
        if file.is_standard_input() {
            self.persist(|_| Ok(()))?;
            return self.link.attempt(|session| leaked::count(session, file));
        }
        self.persist(|session| leaked::count(session, file))
    }
}
