//! The head of a shard's ledger: its run as the rotation tables of the node have it, and on which node that is.

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;

use super::place::Place;
use crate::error::TicketError;

pub struct Head {
    /// planned, active, finished, or empty where there was no ticket.
    pub state: String,
    pub token_column: String,
    pub key_column: Option<String>,
    pub format: Option<String>,
    pub fill_null: bool,
    pub force: bool,
    /// The number of the run in the rotation tables of its node; None: it has not been started.
    pub run: Option<i64>,
    group: Option<i32>,
    system: Option<i64>,
    table: Option<Oid>,
    /// How many batches the ledger has.
    batches: i64,
}

impl Head {
    pub fn lock(client: &mut SpiClient, place: &Place) -> Result<Self, TicketError> {
        let row = place.write(client, include_str!("queries/head.sql"), &[place.shard.into()])?.first();
        if row.is_empty() {
            return Err(TicketError::ShardNotPlanned { name: place.name.clone() });
        }
        Ok(Self {
            state: row.get_by_name("state")?.unwrap_or_default(),
            token_column: row.get_by_name("token_column")?.unwrap_or_default(),
            key_column: row.get_by_name("key_column")?,
            format: row.get_by_name("format")?,
            fill_null: row.get_by_name("fill_null")?.unwrap_or_default(),
            force: row.get_by_name("force")?.unwrap_or_default(),
            run: row.get_by_name("run_id")?,
            group: row.get_by_name("group_id")?,
            system: row.get_by_name("system_identifier")?,
            table: row.get_by_name("table_oid")?,
            batches: row.get_by_name("batches")?.unwrap_or_default(),
        })
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "finished" | "empty")
    }

    /// Whether the rotation tables that have the run are those of this node.
    pub fn is_of(&self, place: &Place) -> bool {
        (self.group, self.system, self.table) == (Some(place.group), Some(place.system), Some(place.table))
    }

    pub fn belongs_to(&mut self, place: &Place, run: i64) {
        self.run = Some(run);
        (self.group, self.system, self.table) = (Some(place.group), Some(place.system), Some(place.table));
    }

    /// What the ledger does not have was rotated past it, and would be lost with a move of the shard.
    pub fn compare(&self, client: &mut SpiClient, place: &Place) -> Result<(), TicketError> {
        let args =
            [place.table.into(), self.token_column.as_str().into(), self.run.into(), self.batches.into()];
        let row = place.write(client, include_str!("queries/compare.sql"), &args)?.first();
        match row.get_one()? {
            Some(true) => Ok(()),
            _ => Err(TicketError::ShardLedgerDiffers { name: place.name.clone() }),
        }
    }

    /// What this transaction has changed in the rotation tables.
    pub fn keep(&self, client: &mut SpiClient, place: &Place) -> Result<(), TicketError> {
        let args = [place.shard.into(), self.run.into()];
        let row = place.write(client, include_str!("queries/keep_batches.sql"), &args)?.first();
        let (batches, tickets): (Option<i64>, Option<i64>) = row.get_two()?;
        let args = [
            place.shard.into(),
            self.run.into(),
            batches.into(),
            tickets.into(),
            place.group.into(),
            place.system.into(),
            place.table.into(),
        ];
        place.write(client, include_str!("queries/keep_run.sql"), &args)?;
        Ok(())
    }

    /// A shard that had no ticket when its turn came, nor anyone who might have been inserting one.
    pub fn note_empty(client: &mut SpiClient, place: &Place) -> Result<(), TicketError> {
        place.write(client, include_str!("queries/note_empty.sql"), &[place.shard.into()])?;
        Ok(())
    }
}
