//! All checks of a run and one batch that is rolled back.

use std::time::Instant;

use super::{Begin, Rotation};
use crate::error::Error;
use crate::pace::BatchSize;
use crate::session::StartOptions;
use crate::throttle::Throttles;

impl Rotation<'_> {
    pub fn dry_run(mut self) -> Result<(), Error> {
        let mut throttles = Throttles::new(&self.options.throttles);
        self.persist(|session| throttles.check(session))?;
        let batch = BatchSize::new(self.options.pace.goal()).get();
        let (options, new) = match self.begin {
            Begin::New(options) => (options.clone(), true),
            Begin::Continue(options) => (options.clone(), false),
            Begin::Sweep => (StartOptions::default(), false),
        };
        let dry_run = self.persist(|session| session.dry_run(&options, new, batch))?;
        self.view.observe(dry_run.progress.clone());
        if dry_run.batch.is_some() {
            self.introduce()?;
        }
        let reasons = self.persist(|session| throttles.read(session, Instant::now()))?;
        reasons
            .into_iter()
            .try_for_each(|reason| self.view.warn("throttle", &format!("a run would wait: {reason}")))?;
        Ok(self.view.dry_run(&dry_run)?)
    }
}
