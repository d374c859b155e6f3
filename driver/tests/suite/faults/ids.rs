//! Which tickets the application works on.

use fastrand::Rng;
use postgres::{Client, Error};

/// Between the ids of the lower and of the upper half of the tickets.
pub const WIDE_GAP: i64 = 1_000_000;

/// The ids of tickets that are new during the run end in 1 to 4, all others do not.
pub fn fresh_id(near: i64, random: &mut Rng) -> i64 {
    near / 10 * 10 + 1 + random.i64(0..4)
}

/// Close above the newest batch, or anywhere but in the wide gap.
pub fn some_id(client: &mut Client, random: &mut Rng) -> Result<i64, Error> {
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
