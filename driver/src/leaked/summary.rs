//! What became of the tokens of a list, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::look_up::LookUp;
use super::options::ListFile;
use super::outcome::Outcome;
use crate::error::Error;
use crate::key::Key;
use crate::session::Session;

/// Tickets that are named of those whose token is on the list.
const MOST_NAMED: usize = 10;

#[derive(Debug, Default)]
pub struct Summary {
    pub listed: u64,
    /// Entries of the list whose token some ticket has.
    pub live: u64,
    /// The first tickets that have one.
    pub live_keys: BTreeSet<Key>,
    /// By run, of those that are not in use.
    pub retired: BTreeMap<i64, u64>,
    pub unknown: u64,
    /// Records of the list without a token.
    pub without_token: u64,
    /// Runs whose entries are dropped: what they retired is unknown.
    pub forgotten: BTreeSet<i64>,
}

pub fn count(session: &mut Session, file: ListFile) -> Result<Summary, Error> {
    let mut look_up = LookUp::begin(session, file)?;
    let mut summary = Summary::default();
    while let Some(outcomes) = look_up.next(session)? {
        outcomes.iter().for_each(|(_, outcome)| summary.add(outcome));
    }
    summary.end(&look_up);
    Ok(summary)
}

impl Summary {
    pub fn add(&mut self, outcome: &Outcome) {
        self.listed += 1;
        match outcome {
            Outcome { live: Some(key), .. } => {
                self.live += 1;
                self.live_keys.insert(key.clone());
                if self.live_keys.len() > MOST_NAMED {
                    self.live_keys.pop_last();
                }
            }
            Outcome { retired: Some(retired), .. } => *self.retired.entry(retired.run_id).or_default() += 1,
            Outcome { live: None, retired: None } => self.unknown += 1,
        }
    }

    pub fn end(&mut self, look_up: &LookUp) {
        self.without_token = look_up.without_token();
        self.forgotten.clone_from(&look_up.forgotten);
    }

    /// Whether nothing of it was ever here, as when another file or column was read. One token alone may be a question.
    pub fn is_foreign(&self) -> bool {
        self.unknown == self.listed && self.listed > 1 && self.forgotten.is_empty()
    }

    /// Whether no leaked token is in use, as far as the list can tell.
    pub fn holds(&self) -> bool {
        self.live == 0 && !self.is_foreign()
    }

    pub fn text(&self) -> String {
        let Self { listed, live, without_token, .. } = self;
        if self.is_foreign() {
            return format!(
                "none of the {listed} listed was ever a token of this table: wrong file, column or table?"
            );
        }
        let retired = self.retired.iter().rev().map(|(run, tokens)| format!("{tokens} retired by run {run}"));
        let parts: Vec<String> =
            retired.chain([format!("{live} in use")]).chain(self.unknown_text()).collect();
        let mut text = format!("{listed} listed: {}", parts.join(", "));
        if *live > 0 {
            text.push_str(&format!("; in use by ids {}", self.named()));
        }
        if *without_token > 0 {
            text.push_str(&format!("; {without_token} line(s) without a token"));
        }
        text
    }

    fn unknown_text(&self) -> Option<String> {
        let runs: Vec<String> = self.forgotten.iter().map(i64::to_string).collect();
        match (self.unknown, runs.is_empty()) {
            (0, _) => None,
            (unknown, true) => Some(format!("{unknown} never a token of this table")),
            (unknown, false) => Some(format!("{unknown} unknown (forgotten: run {})", runs.join(", "))),
        }
    }

    fn named(&self) -> String {
        let keys: Vec<String> = self.live_keys.iter().map(Key::to_string).collect();
        let more = if self.live > keys.len() as u64 { ", …" } else { "" };
        keys.join(", ") + more
    }
}
