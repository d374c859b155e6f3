//! Transactions that are older than the run. What they insert is in flight: it holds leaked tokens, and no batch
//! can see it before they commit.

use postgres::Client;

use super::probe::Probe;
use crate::common::Database;

pub struct Older {
    open: Client,
}

impl Older {
    /// One that stays open, and one that is prepared and so survives every crash.
    pub fn begin(database: &Database) -> Self {
        let mut open = database.connect();
        open.batch_execute(&format!("BEGIN; {}", insert(5))).expect("tickets can be inserted");
        database.execute(&format!("BEGIN; {}; PREPARE TRANSACTION 'in_flight'", insert(6)));
        Self { open }
    }

    /// Rewrites tickets which have been rotated under its eyes, too. As any writer it may lose a deadlock.
    pub fn commit_open(&mut self) {
        let seen = "UPDATE ticket SET note = 'seen' WHERE id IN (SELECT id FROM rotated LIMIT 30)";
        let _ = self.open.batch_execute(&format!("{seen}; COMMIT"));
    }

    /// The application then goes on to work with half of the new tickets.
    pub fn commit_prepared(probe: &mut Probe) {
        probe.insist("COMMIT PREPARED 'in_flight'");
        probe.insist("UPDATE ticket SET note = 'seen' WHERE id % 20 = 6");
    }
}

/// A hundredth of the tickets get a neighbour.
fn insert(above: i64) -> String {
    format!(
        "WITH inserted AS (
             INSERT INTO ticket (id) SELECT id + {above} FROM leaked
             WHERE hashint8(id) % 100 = {above} AND id < (SELECT max(id) FROM leaked)
             RETURNING id, token
         )
         INSERT INTO leaked SELECT id, token FROM inserted"
    )
}
