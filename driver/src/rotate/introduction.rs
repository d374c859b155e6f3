//! What is said before the first batch: what is rotated, where, and what may go wrong.

use super::Rotation;
use crate::error::{Error, RetryOn};
use crate::session::{Place, Session};

/// The kind of a warning, what is looked at, and the statement that returns the words of each.
const LOOKS: [(&str, &str, &str); 6] = [
    ("slot", "replication slots", include_str!("../sql/warn_slots.sql")),
    ("publication", "publications", include_str!("../sql/warn_publications.sql")),
    ("trigger", "triggers", include_str!("../sql/warn_triggers.sql")),
    ("index", "indexes", include_str!("../sql/warn_indexes.sql")),
    ("wraparound", "the age of the database", include_str!("../sql/warn_wraparound.sql")),
    ("statistics", "statistics", include_str!("../sql/warn_statistics.sql")),
];

impl Rotation<'_> {
    pub fn introduce(&mut self) -> Result<(), Error> {
        let Some(place) = self.look("where the run rotates", Place::of)? else { return Ok(()) };
        self.view.place(&place)?;
        if let Some(text) = place.ambiguity() {
            self.view.warn("namesakes", &text)?;
        }
        LOOKS.into_iter().try_for_each(|(kind, what, sql)| self.warn(kind, what, sql))
    }

    fn warn(&mut self, kind: &str, what: &str, sql: &str) -> Result<(), Error> {
        let texts = self.look(what, |session| {
            let target = session.target().clone();
            let rows = session.rows(sql, &target.parameters())?;
            Ok(rows.iter().map(|row| row.get("text")).collect::<Vec<String>>())
        })?;
        texts.unwrap_or_default().iter().try_for_each(|text| Ok(self.view.warn(kind, text)?))
    }

    /// What is good to know and no more: no refusal of the server ends a run that could go on without it.
    fn look<T>(
        &mut self,
        what: &str,
        mut work: impl FnMut(&mut Session) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        loop {
            let error = match self.link.attempt(&mut work) {
                Ok(found) => return Ok(Some(found)),
                Err(error) => error,
            };
            if error.retry_on() == Some(RetryOn::NewConnection) {
                let view = &mut self.view;
                self.link.wait_out(error, None, &mut |retrying| view.retrying(retrying))?;
            } else if self.link.interrupted().is_some() {
                return Err(error);
            } else {
                self.view.note(format!("cannot see {what}: {error}"))?;
                return Ok(None);
            }
        }
    }
}
