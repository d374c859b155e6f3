//! A row of `verify_ticket_rotation`.

use postgres::Row;

use crate::key::Key;

/// Times as text. What is None cannot be told any more: the entries of the run are forgotten.
pub struct RunEvidence {
    pub run_id: i64,
    pub state: String,
    pub verified: Option<bool>,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub tickets_rotated: i64,
    pub tickets_swept: i64,
    pub ledger_gaps: i64,
    pub old_tokens: Option<Tickets>,
    pub not_rotated: Option<Tickets>,
    pub created_since: Option<i64>,
    pub without_token: i64,
    pub duplicate_tokens: i64,
}

/// How many, and the keys of the first of them.
pub struct Tickets {
    pub count: i64,
    pub keys: Vec<Key>,
}

impl Tickets {
    fn read(row: &Row, count: &str, keys: &str) -> Option<Self> {
        let keys: Option<Vec<String>> = row.get(keys);
        Some(Self {
            count: row.get::<_, Option<i64>>(count)?,
            keys: keys.unwrap_or_default().into_iter().map(Key::from).collect(),
        })
    }
}

impl From<&Row> for RunEvidence {
    fn from(row: &Row) -> Self {
        Self {
            run_id: row.get("run_id"),
            state: row.get("state"),
            verified: row.get("verified"),
            started_at: row.get("started_at"),
            finished_at: row.get("finished_at"),
            tickets_rotated: row.get("tickets_rotated"),
            tickets_swept: row.get("tickets_swept"),
            ledger_gaps: row.get("ledger_gaps"),
            old_tokens: Tickets::read(row, "old_tokens", "old_token_keys"),
            not_rotated: Tickets::read(row, "not_rotated", "not_rotated_keys"),
            created_since: row.get("created_since"),
            without_token: row.get("without_token"),
            duplicate_tokens: row.get("duplicate_tokens"),
        }
    }
}
