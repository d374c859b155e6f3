//! What the workers of all nodes share: the shards, where each is, who works on it and how far it is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::places::Placed;
use crate::connect::Address;
use crate::error::Error;
use crate::session::ShardNames;

/// How often a shard may be missing where Citus says that it is, a second each: while a transaction that was prepared
/// on its node waits for its end.
const MOST_MISSES: u32 = 60;

pub struct Board(Mutex<BTreeMap<i64, Entry>>);

struct Entry {
    placed: Placed,
    state: State,
    misses: u32,
    done: i64,
    planned: i64,
}

enum State {
    Free,
    Taken,
    /// It was not where it was looked for.
    Missed(Error),
    Failed(Error),
    Ended,
}

/// What a worker is to do next.
pub enum Turn {
    Work(ShardNames),
    /// Others are at work; a shard may come to this node.
    Wait,
    /// Nothing is left that anybody works on.
    Leave,
}

impl Entry {
    fn new(placed: Placed) -> Self {
        Self { placed, state: State::Free, misses: 0, done: 0, planned: 0 }
    }
}

impl Board {
    pub fn new(placed: Vec<Placed>) -> Self {
        let entries = placed.into_iter().map(|placed| (placed.shard.id, Entry::new(placed)));
        Self(Mutex::new(entries.collect()))
    }

    /// `deserted`: nodes that nobody works on any more.
    pub fn turn(&self, node: &Address, deserted: &[Address]) -> Turn {
        let mut entries = self.entries();
        let free = |entry: &&mut Entry| matches!(entry.state, State::Free);
        if let Some(entry) = entries.values_mut().filter(free).find(|entry| entry.placed.node == *node) {
            entry.state = State::Taken;
            return Turn::Work(entry.placed.shard.clone());
        }
        let is_left = |entry: &Entry| match entry.state {
            State::Free => !deserted.contains(&entry.placed.node),
            State::Taken | State::Missed(_) => true,
            State::Failed(_) | State::Ended => false,
        };
        if entries.values().any(is_left) { Turn::Wait } else { Turn::Leave }
    }

    pub fn of_node(&self, node: &Address) -> Vec<ShardNames> {
        let entries = self.entries();
        let here = entries.values().filter(|entry| entry.placed.node == *node);
        here.map(|entry| entry.placed.shard.clone()).collect()
    }

    pub fn nodes(&self) -> Vec<Address> {
        let mut nodes: Vec<Address> =
            self.entries().values().map(|entry| entry.placed.node.clone()).collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }

    pub fn observe(&self, shard: i64, done: i64, planned: i64) {
        self.change(shard, |entry| (entry.done, entry.planned) = (done, planned));
    }

    pub fn release(&self, shard: i64) {
        self.change(shard, |entry| entry.state = State::Free);
    }

    pub fn ended(&self, shard: i64) {
        self.change(shard, |entry| entry.state = State::Ended);
    }

    pub fn missed(&self, shard: i64, error: Error) {
        self.change(shard, |entry| entry.state = State::Missed(error));
    }

    pub fn failed(&self, shard: i64, error: Error) {
        self.change(shard, |entry| entry.state = State::Failed(error));
    }

    pub fn worked(&self, shard: i64) {
        self.change(shard, |entry| entry.misses = 0);
    }

    pub fn has_missed(&self) -> bool {
        self.entries().values().any(|entry| matches!(entry.state, State::Missed(_)))
    }

    /// What was missed is looked for again where it is said to be now. A shard that was split has gone, with parts in
    /// its place.
    pub fn replace(&self, placed: Vec<Placed>) {
        let mut entries = self.entries();
        entries.retain(|shard, _| placed.iter().any(|placed| placed.shard.id == *shard));
        for placed in placed {
            let entry = entries.entry(placed.shard.id).or_insert_with(|| Entry::new(placed.clone()));
            if let State::Missed(_) = entry.state {
                entry.misses = if entry.placed.node == placed.node { entry.misses + 1 } else { 0 };
                if let State::Missed(error) = std::mem::replace(&mut entry.state, State::Free)
                    && entry.misses > MOST_MISSES
                {
                    entry.state = State::Failed(error);
                }
            }
            entry.placed = placed;
        }
    }

    pub fn totals(&self) -> (i64, i64) {
        let entries = self.entries();
        (entries.values().map(|entry| entry.done).sum(), entries.values().map(|entry| entry.planned).sum())
    }

    pub fn has_ended(&self) -> bool {
        self.entries().values().all(|entry| matches!(entry.state, State::Ended))
    }

    /// The first of what keeps a shard from ending.
    pub fn failure(&self) -> Option<Error> {
        let mut entries = self.entries();
        let failed = entries.values_mut().find(|entry| matches!(entry.state, State::Failed(_)))?;
        match std::mem::replace(&mut failed.state, State::Free) {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    fn change(&self, shard: i64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries().get_mut(&shard) {
            change(entry);
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<i64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
