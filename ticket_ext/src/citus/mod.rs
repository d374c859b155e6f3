//! Tables that Citus keeps: rotated from the coordinator, by statements that it takes.
//!
//! It refuses an UPDATE by a function that is VOLATILE, and would call one that is not once for all tickets. So tokens
//! are made and entries noted here, and a batch is compare and swap (`batch.rs`). Nothing of the extension is asked of
//! the other nodes.
//!
//! A batch over several shards, or of a shard on the coordinator, commits in two phases, with its ledger row. Where
//! Citus would commit otherwise, the table is refused.

mod batch;
mod scan;
mod start;
mod writers;

use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::statement;
use crate::table::Columns;
use crate::target::Target;

pub use batch::{next, stored, write};
pub use scan::due;
pub use start::{drawn, plan_query, range_ends};
pub use writers::{in_progress, settle, wait};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Distributed,
    Reference,
    /// On the coordinator, and known to the other nodes.
    Local,
    SingleShard,
    /// By range or by append.
    Other,
}

#[derive(Clone, PartialEq)]
pub struct Citus {
    pub kind: Kind,
    /// Copies of shards are kept alike by statements.
    is_replicated: bool,
    on_coordinator: bool,
    /// Its only shard is on another node.
    is_in_one_place: bool,
}

impl Citus {
    /// By the catalog of Citus, if there is one: what `queries/table.sql` has found tells.
    pub fn find(
        client: &SpiClient,
        target: &Target,
        table: &SpiTupleTable,
    ) -> Result<Option<Self>, TicketError> {
        if table.get_by_name("has_citus")? != Some(true) {
            return Ok(None);
        }
        let row = statement::read(client, include_str!("../queries/citus_table.sql"), &[target.oid.into()])?
            .first();
        let Some(kind) = (if row.is_empty() { None } else { row.get_by_name::<String, _>("kind")? }) else {
            return Ok(None);
        };
        Ok(Some(Self {
            kind: Kind::named(&kind),
            is_replicated: row.get_by_name("is_replicated")?.unwrap_or(true),
            on_coordinator: row.get_by_name("on_coordinator")?.unwrap_or_default(),
            is_in_one_place: row.get_by_name("is_in_one_place")?.unwrap_or(true),
        }))
    }

    /// Before anything is changed.
    pub fn check(&self, target: &Target, columns: &Columns) -> Result<(), TicketError> {
        let table = target.name.clone();
        if !self.on_coordinator {
            return Err(TicketError::NotOnCoordinator { table });
        }
        let disable = &columns.disable_triggers;
        match self.fault(columns, &format!("'{}'", target.name.replace('\'', "''")), disable) {
            Some((fault, detail, remedy)) => Err(TicketError::CitusUnfit { table, fault, detail, remedy }),
            None => Ok(()),
        }
    }

    /// What is wrong, why that matters, and what to do.
    fn fault(
        &self,
        columns: &Columns,
        name: &str,
        disable: &str,
    ) -> Option<(&'static str, &'static str, String)> {
        if self.kind == Kind::Other {
            let detail = "A batch is an interval of keys of all shards.";
            return Some(("it is not distributed by hash", detail, "Distribute it by hash.".to_owned()));
        }
        if self.is_replicated {
            let detail = "Copies of a shard may get different tokens when a node fails.";
            return Some((
                "its shards are replicated by statements",
                detail,
                "Set citus.shard_replication_factor to 1 and distribute it anew.".to_owned(),
            ));
        }
        if self.is_in_one_place {
            let detail = "Citus commits on that node before the ledger row commits here: after a crash in between, its tickets would be rotated twice.";
            return Some((
                "its only shard is on another node",
                detail,
                format!("SELECT undistribute_table({name});"),
            ));
        }
        if columns.has_triggers {
            let detail = "They fire on the nodes, where a batch cannot see what they do to the tokens.";
            return Some(("triggers fire on its updates", detail, disable.to_owned()));
        }
        None
    }
}

impl Kind {
    fn named(name: &str) -> Self {
        match name {
            "distributed" => Self::Distributed,
            "reference" => Self::Reference,
            "local" => Self::Local,
            "single-shard" => Self::SingleShard,
            _ => Self::Other,
        }
    }
}
