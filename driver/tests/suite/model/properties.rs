//! What has to hold after every step.

use std::collections::BTreeMap;

use super::tickets::{State, Ticket};
use super::view::{Range, Run, View};
use super::world::World;

impl World {
    pub fn check(&mut self, session: usize) {
        if self.sessions[session].is_free() && !self.sessions[session].levels.is_empty() {
            let (view, expected) = (self.view_of(session), self.seen_by(session));
            check_tables(&view, &expected);
        }
        let view = self.observed();
        check_tables(&view, &self.state);
        self.newest_state = view.runs.last_key_value().map(|(_, run)| run.state.clone());
        view.runs.keys().for_each(|&run| check_tiling(&view, run));
        for (&id, run) in view.runs.iter().filter(|(_, run)| run.state == "finished") {
            if self.finished.insert((id, run.sweep)) {
                self.check_end(id, run);
            }
        }
    }

    /// No ticket of before the run has the token that it had then, and none that the sweep has seen is due. Another
    /// sweep leaves those alone that have come since the first one.
    fn check_end(&self, id: i64, run: &Run) {
        let start = self.starts[&id];
        self.check_in_flight(id, start);
        let due = self.due(id, run.upper_id);
        for (key, ticket) in &self.state.tickets {
            let is_older = ticket.paired_at < start && ticket.token.is_some();
            assert!(!is_older, "ticket {key} has the token that it had before run {id}");
            let Some(due) = due.get(key).filter(|due| run.sweep == 1 || **due == Due::OldToken) else {
                continue;
            };
            let looked_at = self.state.looked_at(id, run.sweep, *key);
            let was_seen = looked_at.is_none_or(|at| ticket.visible_at < at);
            assert!(!was_seen, "run {id} is finished and ticket {key} is due: {due:?}");
        }
    }

    fn check_in_flight(&self, run: i64, start: usize) {
        let open = self.sessions.iter().flat_map(|session| &session.levels);
        let prepared = self.prepared.iter().flat_map(|prepared| &prepared.levels);
        for (key, ticket) in open.chain(prepared).flat_map(|level| &level.tickets) {
            let is_older = |ticket: &Ticket| ticket.paired_at < start && ticket.visible_at == usize::MAX;
            assert!(
                !ticket.as_ref().is_some_and(is_older),
                "run {run} is finished and ticket {key} is in flight"
            );
        }
    }

    /// Tickets up to a key that have no entry, or the token of one again.
    pub fn due(&self, run: i64, upper_id: i64) -> BTreeMap<i64, Due> {
        let entries = self.state.entries(run);
        let mut due = BTreeMap::new();
        for (&key, ticket) in self.state.tickets.range(..=upper_id) {
            let Some(token) = &ticket.token else { continue };
            match entries.get(&key) {
                None => due.insert(key, Due::NotRotated),
                Some(retired) if retired.contains(&Some(self.digests[token])) => {
                    due.insert(key, Due::OldToken)
                }
                Some(_) => None,
            };
        }
        due
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    NotRotated,
    OldToken,
}

fn check_tables(view: &View, expected: &State) {
    let mut unexpected: Vec<_> = view
        .tickets
        .iter()
        .filter(|(key, seen)| !expected.tickets.get(key).is_some_and(|ticket| ticket.looks_like(seen)))
        .map(|(key, seen)| format!("{key}: {seen:?}, expected {:?}", expected.tickets.get(key)))
        .collect();
    let lost = expected.tickets.keys().filter(|key| !view.tickets.contains_key(key));
    unexpected.extend(lost.map(|key| format!("{key} is lost")));
    assert!(unexpected.is_empty(), "{unexpected:?}");
    assert_eq!(view.ledger, expected.ledger, "the ledger");
}

/// Ranges cover all keys up to the run's last, batches their range from its beginning to where it stands.
fn check_tiling(view: &View, run: i64) {
    let mut next = Some(i64::MIN);
    for range in view.ranges.iter().filter(|range| range.run == run) {
        assert_eq!(Some(range.first_id), next, "ranges of run {run}: {:?}", view.ranges);
        check_batches(view, range);
        next = range.last_id.checked_add(1);
    }
    assert_eq!(next, view.runs[&run].upper_id.checked_add(1), "the last range of run {run}");
}

fn check_batches(view: &View, range: &Range) {
    let mut next = Some(range.first_id);
    for (&(_, _, last_id), batch) in
        view.ledger.range((range.run, 0, range.first_id)..=(range.run, 0, range.last_id))
    {
        assert_eq!(Some(batch.first_id), next, "batches of {range:?}: {:?}", view.ledger);
        next = last_id.checked_add(1);
    }
    if range.is_rotated {
        assert_eq!(next, range.last_id.checked_add(1), "the last batch of {range:?}");
    }
}
