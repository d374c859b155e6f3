//! What is said before the first batch: what is rotated, where, and what may go wrong.

use super::Rotation;
use crate::error::{Error, RetryOn};
use crate::session::{Place, Session};

impl Rotation<'_> {
    pub fn introduce(&mut self) -> Result<(), Error> {
        let Some(place) = self.look("where the run rotates", Place::of)? else { return Ok(()) };
        self.view.place(&place)?;
        match place.ambiguity() {
            Some(text) => Ok(self.view.warn("namesakes", text)?),
            None => Ok(()),
        }
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
