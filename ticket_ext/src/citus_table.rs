//! Whether Citus keeps a table, and whether it can be rotated then.
//!
//! A batch over several shards, or of a shard on the coordinator, commits in two phases, with its ledger row. Where
//! Citus would commit otherwise, the table is refused.

use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::statement;
use crate::target::Target;

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
        let row =
            statement::read(client, include_str!("citus/queries/table.sql"), &[target.oid.into()])?.first();
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
    pub fn check(&self, target: &Target, has_triggers: bool, disable: &str) -> Result<(), TicketError> {
        let table = target.name.clone();
        if !self.on_coordinator {
            return Err(TicketError::NotOnCoordinator { table });
        }
        let undistribute = format!("SELECT undistribute_table('{}');", target.name.replace('\'', "''"));
        match self.fault(has_triggers, disable, undistribute) {
            Some((fault, detail, remedy)) => Err(TicketError::CitusUnfit { table, fault, detail, remedy }),
            None => Ok(()),
        }
    }

    /// What is wrong, why that matters, and what to do.
    fn fault(&self, has_triggers: bool, disable: &str, undistribute: String) -> Option<Fault> {
        if self.kind == Kind::Other {
            let detail = "A batch is an interval of keys of all shards.";
            return Some(("it is not distributed by hash", detail, "Distribute it by hash.".to_owned()));
        }
        if self.is_replicated {
            let detail = "Copies of a shard may get different tokens when a node fails.";
            let remedy = "Set citus.shard_replication_factor to 1 and distribute it anew.";
            return Some(("its shards are replicated by statements", detail, remedy.to_owned()));
        }
        if self.is_in_one_place {
            let detail = "Citus commits on that node before the ledger row commits here: after a crash in between, its \
                          tickets would be rotated twice.";
            return Some(("its only shard is on another node", detail, undistribute));
        }
        let detail = "They fire on the nodes, where a batch cannot see what they do to the tokens.";
        has_triggers.then(|| ("triggers fire on its updates", detail, disable.to_owned()))
    }
}

type Fault = (&'static str, &'static str, String);

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
