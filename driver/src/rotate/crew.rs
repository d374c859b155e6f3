//! The workers of a driver, as many as are wanted while the run goes on.

use super::vacuum::Vacuums;
use super::worker::{Report, Worker};
use crate::cli::Run;
use crate::control::Control;
use crate::link::Link;
use std::sync::mpsc::Sender;
use std::thread::Scope;

/// What all workers share.
#[derive(Clone)]
pub struct Crew<'scope, 'env> {
    pub scope: &'scope Scope<'scope, 'env>,
    pub options: &'env Run,
    pub control: &'env Control<'env>,
    pub vacuums: Option<&'env Vacuums>,
    pub reports: Sender<Report>,
}

impl<'scope> Crew<'scope, '_> {
    /// The first worker is there for the whole run, on the connection that began it.
    pub fn begin<'a: 'scope>(self, first: &'scope mut Link<'a>, ranges: usize) {
        for _ in 1..self.control.hire(ranges) {
            self.take_on(first);
        }
        self.scope.spawn(|| Worker::new(first, self).run());
    }

    /// Another worker, on a connection of its own.
    pub fn take_on<'a: 'scope>(&self, like: &Link<'a>) {
        let mut link = like.sibling(self.options.patience.retry_for);
        let crew = self.clone();
        self.scope.spawn(move || Worker::new(&mut link, crew).run_while_wanted());
    }
}
