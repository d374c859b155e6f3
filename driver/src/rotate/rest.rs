//! Between two batches: a look at the server, and rest where there is a reason for it.

use super::worker::{Report, Worker};
use crate::error::Error;
use crate::session::Session;
use std::time::{Duration, Instant};

impl<'a: 'scope, 'scope> Worker<'_, 'a, 'scope, '_> {
    /// When it is this worker's turn; `waits` is a reason of its own.
    pub(super) fn look(&mut self, waits: Option<&str>) -> Result<(), Error> {
        let Some(mut watch) = self.crew.control.turn() else {
            return Ok(());
        };
        let mut look = self.link.attempt(|session| watch.look(session))?;
        self.crew.control.saw(&look);
        drop(watch);
        look.waits = look.waits.or(waits.map(str::to_owned));
        self.observe(look.progress.as_ref());
        if look.waits.is_some() {
            // Of a run that waits this is all the progress there is.
            self.link.progressed();
        }
        self.report(Report::Look(look))?;
        self.hire()
    }

    fn hire(&mut self) -> Result<(), Error> {
        if self.crew.control.is_short() {
            let ranges = self.link.attempt(Session::unfinished_ranges)?;
            for _ in 0..self.crew.control.hire(ranges) {
                self.crew.take_on(self.link);
            }
        }
        Ok(())
    }

    /// While there is a reason to wait, and for the time that nice asks for. A signal ends it, and so does
    /// dismissal.
    pub(super) fn rest(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while let Some(time) = self.crew.control.rest(self.worked, began.elapsed()) {
            if self.link.rest(time).is_some() || self.is_dismissed() {
                break;
            }
            self.look(None)?;
        }
        self.worked = Duration::ZERO;
        Ok(())
    }
}
