//! What each session of the application does over and over.

use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use postgres::{Client, Error};

use super::ids::{fresh_id, some_id};

pub type Transaction = fn(&mut Client, &mut Rng) -> Result<(), Error>;

/// One session for each.
pub const WRITERS: [(&str, Transaction); 11] = [
    ("verifications", verify),
    ("inserts", insert),
    ("late commits of low ids", insert_low_ids_late),
    ("bulk loads in flight", load),
    ("deletes", delete),
    ("updates of another column", update),
    ("fifty updates of single tickets", update_singly),
    ("new tokens of its own", write_tokens),
    ("leaked tokens written back", restore),
    ("long snapshots", read_for_long),
    ("locks held", hold_locks),
];
pub const VERIFIER: usize = 0;

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

/// Low ids in a row, that the batches have mostly passed by when they are committed.
fn load(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let first = random.i64(0..2_000) * 10;
    let mut transaction = client.transaction()?;
    let rows = "INSERT INTO ticket (id)
                SELECT g + 1 + g / 10 % 4 FROM generate_series($1::bigint, $1 + 990, 10) AS g
                ON CONFLICT DO NOTHING";
    transaction.execute(rows, &[&first])?;
    pause(random, 400);
    transaction.commit()?;
    pause(random, 6000);
    Ok(())
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

/// Hundreds a second.
fn update_singly(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    for id in (id / 10 * 10..).step_by(10).take(50) {
        client.execute("UPDATE ticket SET note = 'seen again' WHERE id = $1", &[&id])?;
    }
    pause(random, 100);
    Ok(())
}

/// Of tickets that the batches are about to reach, as a rule.
fn write_tokens(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    let mut transaction = client.transaction()?;
    let some = "UPDATE ticket SET token = gen_random_uuid()
                WHERE id IN (SELECT id FROM ticket WHERE id >= $1 ORDER BY id LIMIT 5)";
    transaction.execute(some, &[&id])?;
    pause(random, 60);
    transaction.commit()?;
    pause(random, 200);
    Ok(())
}

/// By an application that had loaded the ticket before. Not once the run is swept, which does not come back to it: a
/// range that is held is one that still has to be rotated.
fn restore(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    let id = some_id(client, random)?;
    let mut transaction = client.transaction()?;
    let hold = "SELECT run_id FROM ticket_rotation_range AS range JOIN ticket_rotation AS run USING (run_id)
                WHERE state = 'active' AND rotated_at IS NULL
                ORDER BY range.first_id DESC LIMIT 1 FOR SHARE OF range";
    if let Some(row) = transaction.query_opt(hold, &[])? {
        let run: i64 = row.get(0);
        transaction.execute(include_str!("restore.sql"), &[&id, &run])?;
    }
    transaction.commit()?;
    pause(random, 100);
    Ok(())
}

/// Whatever else happens, a run that is finished is verified. Before its end it takes a core from the batches.
fn verify(client: &mut Client, random: &mut Rng) -> Result<(), Error> {
    client.execute(
        "INSERT INTO unverified (run_id, ledger_gaps, old_token_keys, not_rotated_keys)
         SELECT run_id, ledger_gaps, old_token_keys::text[], not_rotated_keys::text[]
         FROM verify_ticket_rotation() WHERE state = 'finished' AND NOT verified",
        &[],
    )?;
    let state = "SELECT state = 'finished' FROM ticket_rotation ORDER BY run_id DESC LIMIT 1";
    let is_finished: bool = client.query_one(state, &[])?.get(0);
    pause(random, if is_finished { 100 } else { 2000 });
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

pub fn pause(random: &mut Rng, milliseconds: u64) {
    sleep(Duration::from_millis(random.u64(..milliseconds)));
}
