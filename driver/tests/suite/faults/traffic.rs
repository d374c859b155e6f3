//! The application beside the run. Where its connection breaks, it makes another and goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fastrand::Rng;
use postgres::{Client, Error};

use super::writers::{Transaction, pause};
use crate::common::Database;

/// What this session writes is not taken for rotated.
fn connect(database: &Database) -> Result<Client, Error> {
    let mut client = database.try_connect()?;
    client.batch_execute("SET campaign.application = on")?;
    Ok(client)
}

/// Transaction after transaction until told to stop.
pub fn keep_on(
    database: &Database,
    seed: u64,
    transaction: Transaction,
    stop: &AtomicBool,
    committed: &AtomicU64,
) {
    let (mut client, mut random) = (None, Rng::with_seed(seed));
    while !stop.load(Ordering::Relaxed) {
        let result = match client.take() {
            Some(client) => Ok(client),
            None => connect(database),
        };
        let result = result.and_then(|mut client| transaction(&mut client, &mut random).map(|()| client));
        match result {
            Ok(connected) => {
                client = Some(connected);
                committed.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => pause(&mut random, 200),
        }
    }
}
