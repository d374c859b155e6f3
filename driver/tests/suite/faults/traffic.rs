//! The application beside the run. Where its connection breaks, it makes another and goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use postgres::{Client, Error};

use crate::common::Database;

/// Between the ids of the lower and of the upper half of the tickets.
pub const WIDE_GAP: i64 = 1_000_000;

type Transaction = fn(&mut Client, &mut Rng) -> Result<(), Error>;

/// One session for each.
pub const WRITERS: [(&str, Transaction); 6] = [
    ("inserts", insert),
    ("late commits of low ids", insert_low_ids_late),
    ("deletes", delete),
    ("updates of another column", update),
    ("long snapshots", read_for_long),
    ("locks held", hold_locks),
];

/// The ids of tickets that are new during the run end in 1 to 4, all others do not.
fn fresh_id(near: i64, random: &mut Rng) -> i64 {
    near / 10 * 10 + 1 + random.i64(0..4)
}

/// Close above the newest batch, or anywhere but in the wide gap.
fn some_id(client: &mut Client, random: &mut Rng) -> Result<i64, Error> {
    if random.u64(..2) == 0 {
        let newest = "SELECT least(last_id, (SELECT max(id) FROM leaked)) FROM ticket_rotation_batch
                      WHERE sweep = 0 ORDER BY finished_at DESC LIMIT 1";
        let id: i64 = client.query_opt(newest, &[])?.map_or(0, |row| row.get(0));
        return Ok(id + random.i64(0..600));
    }
    let highest: i64 = client.query_one("SELECT max(id) FROM leaked", &[])?.get(0);
    let id = random.i64(0..highest - WIDE_GAP);
    Ok(if id > (highest - WIDE_GAP) / 2 { id + WIDE_GAP } else { id })
}

fn insert(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = fresh_id(some_id(client, random)?, random);
    client.execute("INSERT INTO ticket (id) VALUES ($1) ON CONFLICT DO NOTHING", &[&id])?;
    pause(random, 20);
    Ok(())
}

fn insert_low_ids_late(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let mut low_id = || fresh_id(random.i64(0..20_000), random);
    let mut ids = [low_id(), low_id(), low_id()];
    ids.sort_unstable();
    let mut transaction = client.transaction()?;
    transaction.execute(
        "INSERT INTO ticket (id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING",
        &[&ids.as_slice()],
    )?;
    pause(random, 800);
    transaction.commit()
}

fn delete(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    client.execute("DELETE FROM ticket WHERE id = (SELECT min(id) FROM ticket WHERE id >= $1)", &[&id])?;
    pause(random, 60);
    Ok(())
}

/// Two tickets, the higher one first: against the order in which a batch locks its tickets.
fn update(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    let mut transaction = client.transaction()?;
    for query in [
        "UPDATE ticket SET note = 'seen' WHERE id = (SELECT min(id) FROM ticket WHERE id >= $1::bigint + 50)",
        "UPDATE ticket SET note = 'seen' WHERE id = (SELECT min(id) FROM ticket WHERE id >= $1)",
    ] {
        transaction.execute(query, &[&id])?;
    }
    transaction.commit()?;
    pause(random, 20);
    Ok(())
}

fn read_for_long(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(token) FROM ticket")?;
    pause(random, 2000);
    client.batch_execute("SELECT count(token) FROM ticket; COMMIT")?;
    pause(random, 200);
    Ok(())
}

fn hold_locks(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    let mut transaction = client.transaction()?;
    transaction.execute(
        "SELECT FROM ticket WHERE id BETWEEN $1::bigint AND $1 + 30 ORDER BY id FOR UPDATE",
        &[&id],
    )?;
    pause(random, 200);
    transaction.rollback()?;
    pause(random, 100);
    Ok(())
}

fn pause(random: &mut Rng, milliseconds: u64) {
    sleep(Duration::from_millis(random.u64(..milliseconds)));
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
            None => database.try_connect(),
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
