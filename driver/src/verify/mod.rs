//! The evidence that a run is complete, and whether it holds.

mod leaked;
mod token;

use std::path::Path;

use postgres::Row;
use serde_json::{Value, json};

use crate::error::Error;
use crate::session::{Session, Target};
use leaked::Leaked;

pub struct Evidence {
    target: Target,
    row: Row,
    leaked: Option<Leaked>,
}

/// One of the independent pieces. None: it could not be obtained.
struct Piece {
    name: &'static str,
    holds: Option<bool>,
    detail: String,
}

pub fn gather(session: &mut Session, leaked: Option<&Path>) -> Result<Evidence, Error> {
    let leaked = leaked.map(|file| leaked::find(session, file)).transpose()?;
    Ok(Evidence { target: session.target().clone(), row: session.evidence()?, leaked })
}

impl Evidence {
    pub fn verified(&self) -> bool {
        self.pieces().iter().all(|piece| piece.holds == Some(true))
    }

    fn pieces(&self) -> Vec<Piece> {
        let leaked = self.leaked.as_ref().map(Leaked::piece);
        [self.state(), self.ledger(), self.versions()].into_iter().chain(leaked).collect()
    }

    fn count(&self, column: &str) -> i64 {
        self.row.get(column)
    }

    fn state(&self) -> Piece {
        let state: &str = self.row.get("state");
        let detail = format!("run {} is {state}", self.count("run_id"));
        Piece { name: "state", holds: Some(state == "finished"), detail }
    }

    fn ledger(&self) -> Piece {
        let [rotated, swept, gaps] =
            ["tickets_rotated", "tickets_swept", "ledger_gaps"].map(|c| self.count(c));
        let detail = format!("{rotated} ticket(s) rotated, {swept} of them by the sweep; {gaps} gap(s)");
        Piece { name: "ledger", holds: Some(gaps == 0), detail }
    }

    fn versions(&self) -> Piece {
        let not_rotated: Option<i64> = self.row.get("not_rotated");
        let ids: Option<Vec<i64>> = self.row.get("not_rotated_ids");
        let detail = match not_rotated {
            Some(count) => format!("{count} ticket(s) not rotated{}", named(count, &ids.unwrap_or_default())),
            None => {
                "the run was restored from another cluster, whose row versions tell nothing here".to_owned()
            }
        };
        Piece { name: "row versions", holds: not_rotated.map(|count| count == 0), detail }
    }

    pub fn text(&self) -> String {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let mut lines = vec![line("target", &format!("{table} ({token_column})"))];
        lines.extend(self.pieces().iter().map(|piece| line(piece.name, &piece.text())));
        let also = ["written_since", "created_since", "without_token", "duplicate_tokens"];
        lines.extend(also.map(|column| {
            let count: Option<i64> = self.row.get(column);
            line(&column.replace('_', " "), &count.map_or("-".to_owned(), |count| count.to_string()))
        }));
        lines.push(line("verified", if self.verified() { "yes" } else { "NO" }));
        lines.join("\n")
    }

    pub fn json(&self) -> Value {
        let optional = |column: &str| self.row.get::<_, Option<i64>>(column);
        json!({
            "run_id": self.count("run_id"),
            "target": self.target.table,
            "token_column": self.target.token_column,
            "state": self.row.get::<_, &str>("state"),
            "verified": self.verified(),
            "tickets_rotated": self.count("tickets_rotated"),
            "tickets_swept": self.count("tickets_swept"),
            "ledger_gaps": self.count("ledger_gaps"),
            "not_rotated": optional("not_rotated"),
            "not_rotated_ids": self.row.get::<_, Option<Vec<i64>>>("not_rotated_ids"),
            "written_since": optional("written_since"),
            "created_since": optional("created_since"),
            "without_token": self.count("without_token"),
            "duplicate_tokens": self.count("duplicate_tokens"),
            "leaked_tokens": self.leaked.as_ref().map(|leaked| leaked.tokens),
            "survivors": self.leaked.as_ref().map(|leaked| leaked.survivors),
            "survivor_ids": self.leaked.as_ref().map(|leaked| &leaked.survivor_ids),
        })
    }
}

impl Leaked {
    fn piece(&self) -> Piece {
        let Self { tokens, survivors, survivor_ids } = self;
        let detail = format!(
            "{survivors} ticket(s) with one of {tokens} leaked token(s){}",
            named(*survivors, survivor_ids)
        );
        Piece { name: "leaked list", holds: Some(*survivors == 0), detail }
    }
}

impl Piece {
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
fn named(count: i64, ids: &[i64]) -> String {
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    match count {
        0 => String::new(),
        _ if count > ids.len() as i64 => format!(": ids {list}, …"),
        _ => format!(": ids {list}"),
    }
}
