//! A shard of a table that Citus has distributed, rotated where it lies: an ordinary batch in a transaction of that
//! node alone.
//!
//! The run of a shard is in the rotation tables of its node, as that of any table. Beside them it is kept in the
//! shard's ledger, a shard of a table that is distributed and colocated with the target: written in the transaction of
//! the batch, and moved with the shard. A node that has got a shard takes its run over from there.
//!
//! 1. Take the lock of the shard that its move takes; look then whether it is here, and which ledger it has.
//! 2. Lock the ledger's head, the row of the run.
//! 3. Start the run, take it over, or compare it with the rotation tables.
//! 4. Rotate a batch.
//! 5. Keep in the ledger what the batch has changed in the rotation tables.

mod api;
mod head;
mod place;
mod take_over;

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::batch;
use crate::choices::{Choices, KeyChoice};
use crate::context::Context;
use crate::error::TicketError;
use crate::format::Wish;
use crate::shard_check::AtWork;
use crate::start::start;
use crate::target::TargetArgs;
use crate::types::{Name, RegClass};
use head::Head;
use place::Place;

/// A shard that is locked, with its ledger.
struct Shard {
    place: Place,
    head: Head,
}

/// None: nothing is left of this shard.
pub fn rotate(shard: RegClass, ledger: RegClass, batch: i64) -> Result<Option<i64>, TicketError> {
    let _visible = place::show_shards()?;
    let _at_work = AtWork::begin();
    let Some(shard) = Spi::connect_mut(|client| Shard::lock(client, shard, ledger)?.ready(client))? else {
        return Ok(None);
    };
    let last_id = batch::rotate(None, batch, &shard.target())?;
    Spi::connect_mut(|client| shard.head.keep(client, &shard.place))?;
    Ok(last_id)
}

/// Makes sure that the rotation tables of this node have the run, and returns its state.
pub fn check(shard: RegClass, ledger: RegClass) -> Result<String, TicketError> {
    let _visible = place::show_shards()?;
    let _at_work = AtWork::begin();
    Spi::connect_mut(|client| {
        let mut shard = Shard::lock(client, shard, ledger)?;
        if shard.head.run.is_some() {
            shard.settle(client)?;
        }
        Ok(shard.head.state)
    })
}

impl Shard {
    fn lock(client: &mut SpiClient, shard: RegClass, ledger: RegClass) -> Result<Self, TicketError> {
        let place = Place::lock(client, shard, ledger)?;
        let head = Head::lock(client, &place)?;
        Ok(Self { place, head })
    }

    fn target(&self) -> TargetArgs {
        let column = Name(self.head.token_column.clone());
        TargetArgs::new(Some(RegClass(self.place.table)), Some(column))
    }

    /// With a run in the rotation tables; None: there is nothing left to do.
    fn ready(mut self, client: &mut SpiClient) -> Result<Option<Self>, TicketError> {
        if self.head.has_ended() {
            return Ok(None);
        }
        if self.head.run.is_some() {
            self.settle(client)?;
            return Ok(Some(self));
        }
        match self.start(client) {
            Err(TicketError::NoTickets { .. }) => {
                Head::note_empty(client, &self.place)?;
                Ok(None)
            }
            started => started.map(|()| Some(self)),
        }
    }

    /// One range: sessions share out shards, not parts of them.
    fn start(&mut self, client: &mut SpiClient) -> Result<(), TicketError> {
        let Head { key_column, format, fill_null, force, .. } = &self.head;
        let key = key_column.clone().map_or(KeyChoice::Default, KeyChoice::Named);
        let wish = Wish { format: format.clone(), force: *force };
        let choices = Choices { key, fill_null: *fill_null };
        let context = Context::for_start(client, &self.target(), choices)?;
        self.head.run = Some(start(client, &context, Some(1), &wish)?);
        Ok(())
    }

    /// Takes the run over where the shard has come from elsewhere.
    fn settle(&mut self, client: &mut SpiClient) -> Result<(), TicketError> {
        if !self.head.is_of(&self.place) {
            take_over::take_over(client, &self.place, &mut self.head)?;
        }
        self.head.compare(client, &self.place)
    }
}
