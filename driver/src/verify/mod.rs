//! The evidence that a run is complete, and whether it holds: what the server says of the run, and whether any token of
//! the leaked list is in use.

use serde_json::{Value, json};

use crate::key::{Key, values};
use crate::leaked::Summary;
use crate::session::{RunEvidence, Target, Tickets};

pub struct Evidence {
    pub target: Target,
    pub run: RunEvidence,
    pub leaked: Option<Summary>,
}

/// One of the independent pieces. None: it could not be obtained.
struct Piece {
    name: &'static str,
    holds: Option<bool>,
    detail: String,
}

impl Evidence {
    /// The server's verdict on the run, and that of the list.
    pub fn verified(&self) -> bool {
        let leaked = self.leaked.as_ref().is_none_or(Summary::holds);
        self.run.verified == Some(true) && leaked
    }

    /// The command that may make it hold; None: it does, or the list is another table's.
    pub fn cure(&self) -> Option<&'static [&'static str]> {
        if self.verified() || self.leaked.as_ref().is_some_and(Summary::is_foreign) {
            return None;
        }
        let RunEvidence { state, ledger_gaps, old_tokens, not_rotated, .. } = &self.run;
        let any = |tickets: &Option<Tickets>| tickets.as_ref().is_some_and(|found| found.count > 0);
        Some(match (state.as_str(), *ledger_gaps) {
            ("active", _) => &["run"],
            ("paused", _) => &["resume"],
            // It was cancelled while it was swept.
            ("cancelled", 0) => &["sweep"],
            ("finished", 0) if any(old_tokens) || any(not_rotated) => &["sweep"],
            _ => &["run", "--new"],
        })
    }

    fn pieces(&self) -> Vec<Piece> {
        let RunEvidence { run_id, state, tickets_rotated, tickets_swept, ledger_gaps, .. } = &self.run;
        let state = Piece::new("state", Some(state == "finished"), format!("run {run_id} is {state}"));
        let swept = format!("{tickets_rotated} ticket(s) rotated, {tickets_swept} of them by the sweep");
        let ledger = Piece::new("ledger", Some(*ledger_gaps == 0), format!("{swept}; {ledger_gaps} gap(s)"));
        let not_rotated = Piece::of_tickets("not rotated", self.run.not_rotated.as_ref());
        let old_tokens = Piece::of_tickets("old tokens", self.run.old_tokens.as_ref());
        let leaked =
            self.leaked.as_ref().map(|list| Piece::new("leaked list", Some(list.holds()), list.text()));
        [state, ledger, not_rotated, old_tokens].into_iter().chain(leaked).collect()
    }

    pub fn text(&self) -> String {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let known = |count: Option<i64>| count.map_or("-".to_owned(), |count| count.to_string());
        let time = |time: &Option<String>| time.clone().unwrap_or("-".to_owned());
        let mut lines = vec![line("target", &format!("{table} ({token_column})"))];
        lines.push(line("started", &time(&self.run.started_at)));
        lines.push(line("finished", &time(&self.run.finished_at)));
        lines.extend(self.pieces().iter().map(|piece| line(piece.name, &piece.text())));
        lines.push(line("created since", &known(self.run.created_since)));
        lines.push(line("without token", &self.run.without_token.to_string()));
        lines.push(line("duplicate tokens", &self.run.duplicate_tokens.to_string()));
        lines.push(line("verified", if self.verified() { "yes" } else { "NO" }));
        lines.join("\n")
    }

    pub fn json(&self) -> Value {
        let RunEvidence { old_tokens, not_rotated, .. } = &self.run;
        json!({
            "run_id": self.run.run_id,
            "target": self.target.table,
            "token_column": self.target.token_column,
            "state": self.run.state,
            "verified": self.verified(),
            "started_at": self.run.started_at,
            "finished_at": self.run.finished_at,
            "tickets_rotated": self.run.tickets_rotated,
            "tickets_swept": self.run.tickets_swept,
            "ledger_gaps": self.run.ledger_gaps,
            "old_tokens": old_tokens.as_ref().map(|found| found.count),
            "old_token_keys": old_tokens.as_ref().map(|found| values(&found.keys)),
            "not_rotated": not_rotated.as_ref().map(|found| found.count),
            "not_rotated_keys": not_rotated.as_ref().map(|found| values(&found.keys)),
            "created_since": self.run.created_since,
            "without_token": self.run.without_token,
            "duplicate_tokens": self.run.duplicate_tokens,
            "leaked_tokens": self.leaked.as_ref().map(|leaked| leaked.listed),
            "survivors": self.leaked.as_ref().map(|leaked| leaked.live),
            "survivor_ids": self.leaked.as_ref().map(|leaked| values(&leaked.live_keys)),
            "leaked_retired": self.leaked.as_ref().map(|leaked| &leaked.retired),
            "leaked_unknown": self.leaked.as_ref().map(|leaked| leaked.unknown),
        })
    }
}

impl Piece {
    fn new(name: &'static str, holds: Option<bool>, detail: String) -> Self {
        Self { name, holds, detail }
    }

    /// There should be none of them.
    fn of_tickets(name: &'static str, found: Option<&Tickets>) -> Self {
        let Some(Tickets { count, keys }) = found else {
            return Self::new(name, None, "the entries of the run are forgotten".to_owned());
        };
        Self::new(name, Some(*count == 0), format!("{count} ticket(s){}", named(*count, keys)))
    }

    fn text(&self) -> String {
        let verdict = match self.holds {
            Some(true) => "holds",
            Some(false) => "FAILS",
            None => "UNKNOWN",
        };
        format!("{verdict}: {}", self.detail)
    }
}

fn line(label: &str, value: &str) -> String {
    format!("{label:<18}{value}")
}

/// The ids that are known of so many tickets.
fn named(count: i64, ids: &[Key]) -> String {
    let list = ids.iter().map(Key::to_string).collect::<Vec<_>>().join(", ");
    match count {
        0 => String::new(),
        _ if count > ids.len() as i64 => format!(": ids {list}, …"),
        _ => format!(": ids {list}"),
    }
}
