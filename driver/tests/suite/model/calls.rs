//! Calls of the extension, and what they have changed beside what they may change.

use postgres::error::SqlState;

use super::session::Answer;
use super::tickets::{Level, Look, State};
use super::view::View;
use super::world::World;

const LOCKED: &SqlState = &SqlState::LOCK_NOT_AVAILABLE;
const WRONG_STATE: &SqlState = &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
/// The last one: a ticket that it waited for has gone to another partition.
const OF_BATCHES: [&SqlState; 4] =
    [LOCKED, WRONG_STATE, &SqlState::QUERY_CANCELED, &SqlState::T_R_SERIALIZATION_FAILURE];
const OF_CONTROL: [&SqlState; 4] = [LOCKED, WRONG_STATE, &SqlState::OBJECT_IN_USE, &SqlState::NO_DATA_FOUND];

impl World {
    /// What brings the rotation on, mostly.
    pub fn drive(&mut self, session: usize) {
        match self.newest_state.as_deref() {
            Some("paused") if self.random.u32(..3) > 0 => self.steer_by(session, "resume"),
            Some("finished" | "cancelled") if self.random.u32(..3) == 0 => self.start(session),
            Some("finished" | "cancelled") if self.random.u32(..3) == 0 => self.steer_by(session, "sweep"),
            _ => self.rotate(session),
        }
    }

    fn rotate(&mut self, session: usize) {
        let batch = self.random.choice([1, 2, 3, 5, 8, 100]).unwrap_or(1);
        let after = match self.random.u32(..6) {
            0 => self.random.i64(-5..30).to_string(),
            _ => "NULL".to_owned(),
        };
        self.rotate_after(session, &after, batch);
    }

    pub fn rotate_after(&mut self, session: usize, after: &str, batch: i64) {
        let call = format!("SELECT rotate_ticket_tokens({after}, {batch})");
        let call = if self.by_rotator {
            format!("SET ROLE {}_rotator; {call}; RESET ROLE", self.database.name)
        } else {
            call
        };
        if self.call_under_way().is_none() {
            self.note(session, &format!("{call} -- begins"));
            return self.sessions[session].begin_call(call, batch, self.step);
        }
        // Its end may let the other call go on, which is to happen in a step of its own.
        if self.sessions[session].levels.is_empty() {
            self.begin(session);
        }
        let answer = self.execute(session, &call);
        self.check_call(session, batch, self.step, answer);
    }

    pub fn finish_call(&mut self, session: usize) {
        let (batch, begun_at, answer) = self.sessions[session].finish();
        let text = answer.as_ref().ok().map(|values| format!("-- ended: {values:?}"));
        text.iter().for_each(|text| self.note(session, text));
        self.check_call(session, batch, begun_at, answer);
    }

    fn check_call(&mut self, session: usize, batch: i64, begun_at: usize, answer: Answer) {
        let values = match answer {
            Err(error) => return self.failed(session, &error, &OF_BATCHES),
            Ok(values) => values,
        };
        let view = self.view_of(session);
        self.learn_starts(&view, begun_at);
        let written = self.written(session, &view, begun_at);
        for ((run, ..), rotated) in &written.ledger {
            let state = view.runs[run].state.as_str();
            assert!(["active", "finished"].contains(&state), "a batch of run {run}, which is {state}");
            // One that was waited for may have moved, and another has its key.
            assert!(rotated.tickets <= 2 * batch, "a batch of {} tickets, not {batch}", rotated.tickets);
        }
        let rotated = written.ledger.values().any(|rotated| rotated.tickets > 0);
        assert!(!rotated || !values.is_empty(), "tickets were rotated and no key returned");
        self.wrote_all(session, written);
    }

    pub fn start(&mut self, session: usize) {
        let ranges = self.random.choice(["NULL", "1", "2", "5"]).unwrap_or("NULL");
        let begun_at = self.step;
        let answer = self.execute(session, &format!("SELECT start_ticket_rotation(ranges => {ranges})"));
        if let Err(error) = answer {
            self.failed(session, &error, &OF_CONTROL);
        } else {
            let view = self.view_of(session);
            self.learn_starts(&view, begun_at);
        }
    }

    pub fn steer(&mut self, session: usize) {
        let how = self.random.choice(["pause", "resume", "resume", "resume", "cancel"]).unwrap_or("resume");
        self.steer_by(session, how);
    }

    pub fn steer_by(&mut self, session: usize, how: &str) {
        if let Err(error) = self.execute(session, &format!("SELECT {how}_ticket_rotation()")) {
            self.failed(session, &error, &OF_CONTROL);
        }
    }

    fn learn_starts(&mut self, view: &View, begun_at: usize) {
        for run in view.runs.keys() {
            self.starts.entry(*run).or_insert(begun_at);
        }
    }

    /// What the call has written: the tickets that have another token are those with entries, of the tokens that they
    /// lost, and none had its token from this run.
    fn written(&mut self, session: usize, view: &View, begun_at: usize) -> Level {
        let before = self.seen_by(session);
        let mut written = Level { looks: new_looks(view, &before, begun_at), ..Level::default() };
        for (key, batch) in view.ledger.iter().filter(|(key, _)| !before.knows(key)) {
            assert_eq!(batch.tickets, batch.entries.len() as i64, "entries of batch {key:?}");
            assert!(batch.entries.is_sorted_by_key(|(key, _)| key), "entries of batch {key:?} in order");
            for &(ticket, digest) in &batch.entries {
                let (run, _, last_id) = *key;
                assert!((batch.first_id..=last_id).contains(&ticket), "ticket {ticket} in batch {key:?}");
                let had = before.tickets.get(&ticket).unwrap_or_else(|| panic!("ticket {ticket} is there"));
                let lost = had.token.as_ref().map(|token| self.digests[token]);
                assert_eq!(digest, lost, "the entry of ticket {ticket}");
                assert_ne!(had.given_by, Some(run), "ticket {ticket} got two tokens from run {run}");
                let new = view.tickets.get(&ticket).and_then(|seen| seen.token.clone());
                assert_ne!(new, had.token, "ticket {ticket} has an entry and its old token");
                let twice = written.tickets.insert(ticket, Some(had.with_token(new, Some(run), self.step)));
                assert!(twice.is_none(), "ticket {ticket} has two entries of one call");
            }
            written.ledger.insert(*key, batch.clone());
        }
        written
    }
}

/// The intervals that sweeps have looked through: of their batches, and behind the last one of a range that ended.
fn new_looks(view: &View, before: &State, at: usize) -> Vec<Look> {
    let mut looks = Vec::new();
    for (&(run, sweep, last_id), batch) in view.ledger.iter().filter(|(key, _)| !before.knows(key)) {
        if sweep > 0 {
            looks.push(Look { run, sweep, first_id: batch.first_id, last_id, at, ends_range: false });
        }
    }
    for range in view.ranges.iter().filter(|range| range.is_swept) {
        let (run, last_id, sweep) = (range.run, range.last_id, view.runs[&range.run].sweep);
        let known =
            |look: &Look| look.ends_range && (look.run, look.sweep, look.last_id) == (run, sweep, last_id);
        if !before.looks.iter().any(known) {
            let first_id =
                view.swept_up_to(range, sweep).map_or(range.first_id, |last_id| last_id.saturating_add(1));
            looks.push(Look { run, sweep, first_id, last_id, at, ends_range: true });
        }
    }
    looks
}
