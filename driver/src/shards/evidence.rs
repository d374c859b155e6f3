//! The evidence on the run of a distributed table: that of each shard, from its node, added up.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::ShardOptions;
use super::places::Placed;
use super::plan::Plan;
use super::target::Distributed;
use super::worker::is_missing;
use crate::connect::Address;
use crate::console::note;
use crate::error::Error;
use crate::session::{
    Link, RepeatFilter, Retrying, RunEvidence, Session, ShardEvidence, ShardNames, Target, Tickets,
};

/// A shard that moves meanwhile is looked for again so many times, a second each.
const MOST_MISSES: usize = 60;
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Keys that are named.
const MOST_NAMED: usize = 10;

struct Verifier<'a> {
    /// To the coordinator.
    link: Link,
    nodes: BTreeMap<Address, Link>,
    shards: &'a ShardOptions,
    filter: RepeatFilter,
}

pub fn evidence(link: Link, shards: &ShardOptions) -> Result<(Target, RunEvidence), Error> {
    let mut verifier = Verifier { link, nodes: BTreeMap::new(), shards, filter: RepeatFilter::default() };
    let (table, plan, target) = verifier
        .ask(|session| Ok((Distributed::of(session)?, Plan::newest(session)?, session.target().clone())))?;
    let mut plan = plan.ok_or_else(|| never(&target))?;
    loop {
        let mut sum = nothing(&plan);
        let placed = verifier.places(&table, &mut plan)?;
        let shards = plan.shards.clone();
        for placed in placed {
            add(&mut sum, verifier.shard(&table, &mut plan, placed)?);
        }
        verifier.places(&table, &mut plan)?;
        // Or else one was split meanwhile.
        if plan.shards == shards {
            return Ok((target, sum));
        }
    }
}

fn never(target: &Target) -> Error {
    Error::Shards {
        what: format!("the shards of table {} have never been rotated", target.table),
        remedy: "rotate-driver run --shards",
    }
}

impl Verifier<'_> {
    fn places(&mut self, table: &Distributed, plan: &mut Plan) -> Result<Vec<Placed>, Error> {
        self.ask(|session| plan.places(session, table))
    }

    /// Of one that was split meanwhile there is none: its parts are for another round.
    fn shard(
        &mut self,
        table: &Distributed,
        plan: &mut Plan,
        placed: Placed,
    ) -> Result<ShardEvidence, Error> {
        let (id, mut placed) = (placed.shard.id, placed);
        for _ in 0..MOST_MISSES {
            match self.look(&placed.node, &placed.shard) {
                Err(error) if is_missing(&error) => thread::sleep(ASKED_EVERY),
                looked => return looked,
            }
            let places = self.places(table, plan)?;
            match places.into_iter().find(|placed| placed.shard.id == id) {
                Some(found) => placed = found,
                None => return Ok(ShardEvidence::Unfinished),
            }
        }
        self.look(&placed.node, &placed.shard)
    }

    fn look(&mut self, node: &Address, shard: &ShardNames) -> Result<ShardEvidence, Error> {
        let reached = self.shards.reach(node);
        let link = self.nodes.entry(node.clone()).or_insert_with(|| self.link.to(reached));
        link.persist(&mut tell(&mut self.filter, Some(node)), |session| session.shard_evidence(shard))
    }

    fn ask<T>(&mut self, work: impl FnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        self.link.persist(&mut tell(&mut self.filter, None), work)
    }
}

fn tell<'a>(
    filter: &'a mut RepeatFilter,
    node: Option<&'a Address>,
) -> impl FnMut(&Retrying) -> std::io::Result<()> + use<'a> {
    move |retrying| {
        if filter.is_news(retrying) {
            note(&node.map_or(retrying.to_string(), |node| format!("node {node}: {retrying}")));
        }
        Ok(())
    }
}

fn nothing(plan: &Plan) -> RunEvidence {
    let none = || Some(Tickets { count: 0, keys: Vec::new() });
    RunEvidence {
        run_id: i64::from(plan.run),
        state: if plan.finished { "finished" } else { "active" }.to_owned(),
        verified: Some(plan.finished),
        started_at: None,
        finished_at: None,
        tickets_rotated: 0,
        tickets_swept: 0,
        ledger_gaps: 0,
        old_tokens: none(),
        not_rotated: none(),
        created_since: Some(0),
        without_token: 0,
        duplicate_tokens: 0,
    }
}

/// A run that holds in all shards holds.
fn add(sum: &mut RunEvidence, shard: ShardEvidence) {
    let run = match shard {
        ShardEvidence::Run(run) => *run,
        ShardEvidence::CreatedSince(tickets) => {
            sum.created_since = sum.created_since.map(|sum| sum + tickets);
            return;
        }
        ShardEvidence::Unfinished => {
            "active".clone_into(&mut sum.state);
            sum.verified = sum.verified.map(|_| false);
            return;
        }
    };
    sum.verified = sum.verified.zip(run.verified).map(|(sum, shard)| sum && shard);
    let earliest = [sum.started_at.take(), run.started_at].into_iter().flatten().min();
    let latest = [sum.finished_at.take(), run.finished_at].into_iter().flatten().max();
    (sum.started_at, sum.finished_at) = (earliest, latest);
    sum.tickets_rotated += run.tickets_rotated;
    sum.tickets_swept += run.tickets_swept;
    sum.ledger_gaps += run.ledger_gaps;
    sum.without_token += run.without_token;
    sum.duplicate_tokens += run.duplicate_tokens;
    sum.created_since = sum.created_since.zip(run.created_since).map(|(sum, shard)| sum + shard);
    sum.old_tokens = both(sum.old_tokens.take(), run.old_tokens);
    sum.not_rotated = both(sum.not_rotated.take(), run.not_rotated);
}

/// What is forgotten of one shard is not known of the table.
fn both(sum: Option<Tickets>, shard: Option<Tickets>) -> Option<Tickets> {
    let (mut sum, shard) = sum.zip(shard)?;
    sum.count += shard.count;
    sum.keys.extend(shard.keys);
    sum.keys.truncate(MOST_NAMED);
    Some(sum)
}
