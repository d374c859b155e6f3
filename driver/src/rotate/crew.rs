//! The workers of a driver, as many as are wanted while the run goes on.

use std::sync::mpsc::Sender;
use std::thread::Scope;

use super::report::Report;
use super::shared::Shared;
use crate::cli::Run;
use crate::vacuum::Vacuums;

/// What all workers share.
#[derive(Clone)]
pub struct Crew<'scope, 'env> {
    pub scope: &'scope Scope<'scope, 'env>,
    pub options: &'env Run,
    pub shared: &'env Shared<'env>,
    pub vacuums: Option<&'env Vacuums>,
    pub reports: Sender<Report>,
}
