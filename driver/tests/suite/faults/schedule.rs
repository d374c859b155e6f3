//! Which faults happen, in which order and when: the same for the same seed.

use std::time::Duration;

use fastrand::Rng;

use super::kind::Kind::{self, *};
use super::kind::LOCKING;

pub struct Strike {
    pub kind: Kind,
    /// It comes after so many more batches, and this much later, somewhere within a batch.
    pub batches: u64,
    pub delay: Duration,
    random: u64,
}

impl Strike {
    /// Decides on the victim, and for how long.
    pub fn random(&self) -> Rng {
        Rng::with_seed(self.random)
    }
}

pub struct Schedule {
    pub seed: u64,
    pub strikes: Vec<Strike>,
    pub drivers: usize,
    pub ranges: u64,
    /// The prepared transaction that is older than the run is committed before this strike.
    pub late_commit: usize,
}

impl Schedule {
    /// Every kind, from 20 kills on. A full disk takes long, so it comes now and then; so do the kinds that take a lock
    /// of the table, in the second half, when the prepared transaction is over. A run is cancelled in the first third:
    /// the next one begins anew.
    pub fn new(seed: u64, kills: usize) -> Self {
        let mut random = Rng::with_seed(seed);
        let seldom = kills.div_ceil(100);
        let rare = [(WalDiskFull, seldom, 0..=kills), (RunCancelled, seldom, 0..=kills / 3)];
        let locking = LOCKING.map(|kind| (kind, kills.div_ceil(40), kills / 2..=kills));
        let rare: Vec<_> = rare.into_iter().chain(locking).collect();
        let others: usize = rare.iter().map(|(_, times, _)| times).sum();
        let mut kinds = shuffled_decks(&Kind::common(), kills.saturating_sub(others), &mut random);
        for (kind, times, places) in rare {
            for _ in 0..times {
                let [first, last] = [places.start(), places.end()].map(|place| *place.min(&kinds.len()));
                kinds.insert(random.usize(first..=last), kind);
            }
        }
        kinds.truncate(kills);
        Self::of(seed, &kinds, &mut random)
    }

    /// Only some kinds.
    pub fn limited(seed: u64, kills: usize, kinds: &[Kind]) -> Self {
        let mut random = Rng::with_seed(seed);
        let kinds = shuffled_decks(kinds, kills, &mut random);
        Self::of(seed, &kinds, &mut random)
    }

    fn of(seed: u64, kinds: &[Kind], random: &mut Rng) -> Self {
        let mut strike = |kind: &Kind| Strike {
            kind: *kind,
            batches: random.u64(..12),
            delay: Duration::from_micros(random.u64(..40_000)),
            random: random.u64(..u64::from(u32::MAX)),
        };
        let strikes: Vec<_> = kinds.iter().map(&mut strike).collect();
        let quarter = strikes.len() / 4;
        let late_commit = quarter + random.usize(..=quarter);
        Self { seed, strikes, drivers: 2 + random.usize(..3), ranges: 2 + random.u64(..5), late_commit }
    }
}

/// Each kind once before any comes again.
fn shuffled_decks(kinds: &[Kind], length: usize, random: &mut Rng) -> Vec<Kind> {
    let mut all = Vec::new();
    while all.len() < length {
        let mut deck = kinds.to_vec();
        while !deck.is_empty() {
            all.push(deck.swap_remove(random.usize(..deck.len())));
        }
    }
    all.truncate(length);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(schedule: &Schedule) -> Vec<(Kind, u64, Duration, u64)> {
        let strikes = schedule.strikes.iter();
        strikes.map(|strike| (strike.kind, strike.batches, strike.delay, strike.random)).collect()
    }

    #[test]
    fn a_seed_reproduces_its_schedule_and_another_makes_another() {
        assert_eq!(described(&Schedule::new(7, 200)), described(&Schedule::new(7, 200)));
        assert_ne!(described(&Schedule::new(7, 200)), described(&Schedule::new(8, 200)));
    }

    #[test]
    fn every_kind_is_part_of_a_short_campaign() {
        for seed in 0..100 {
            let schedule = Schedule::new(seed, 20);
            assert_eq!(schedule.strikes.len(), 20);
            for kind in Kind::all() {
                let times = schedule.strikes.iter().filter(|strike| strike.kind == kind).count();
                assert!((1..=2).contains(&times), "seed {seed}: {times} times {kind:?}");
            }
        }
    }

    #[test]
    fn the_table_is_locked_only_once_the_prepared_transaction_is_over() {
        for seed in 0..100 {
            let schedule = Schedule::new(seed, 20);
            let first = schedule.strikes.iter().position(|strike| LOCKING.contains(&strike.kind));
            assert!(first.is_some_and(|first| first >= schedule.late_commit), "seed {seed}");
        }
    }
}
