//! Whether a token is one that a run retired from the same ticket.

use pgrx::Spi;
use pgrx::spi::SpiTupleTable;

use crate::digest::digest;
use crate::error::TicketError;
use crate::guard::known::Guard;
use crate::guard::row::Row;
use crate::guard::runs::GuardedRun;
use crate::guard::stored_array::StoredArray;
use crate::session::Session;

/// What was retired: by which run, and the number of the column that it knows the ticket by.
pub struct Retired {
    pub run: i64,
    pub key_number: i16,
}

/// All runs are asked, the newest first. An UPDATE that changes the key is one of both tickets.
pub fn find(
    session: &Session,
    guard: &Guard,
    token: &[u8],
    rows: &[Row],
) -> Result<Option<Retired>, TicketError> {
    let digest = digest(token);
    let mut asked = Vec::new();
    for run in &guard.runs {
        for id in rows.iter().filter_map(|row| row.id(run.key_number)) {
            let question = (run.key_number, id);
            if asked.contains(&question) {
                continue;
            }
            asked.push(question);
            if let Some(run) = look_up(session, guard, question, digest)? {
                return Ok(Some(Retired { run, key_number: question.0 }));
            }
        }
    }
    Ok(None)
}

/// In all runs that go by the same key.
fn look_up(
    session: &Session,
    guard: &Guard,
    (key_number, id): (i16, i64),
    digest: i64,
) -> Result<Option<i64>, TicketError> {
    let reaches = |run: &&GuardedRun| run.key_number == key_number && run.upper_id >= id;
    let (runs, sweeps): (Vec<i64>, Vec<i32>) =
        guard.runs.iter().filter(reaches).map(|run| (run.id, run.sweeps)).unzip();
    if runs.is_empty() {
        return Ok(None);
    }
    Spi::connect(|client| {
        let args = [runs.into(), sweeps.into(), id.into()];
        let sql = include_str!("../queries/retired_entries.sql");
        let mut batches = session.read(client, sql, &args)?;
        while batches.next().is_some() {
            if is_among(&batches, id, digest)? {
                return Ok(batches.get(1)?);
            }
        }
        Ok(None)
    })
}

fn is_among(batch: &SpiTupleTable, id: i64, digest: i64) -> Result<bool, TicketError> {
    let (Some(keys), Some(digests)) = (batch.get_datum_by_ordinal(2)?, batch.get_datum_by_ordinal(3)?) else {
        return Ok(false);
    };
    // SAFETY: both are columns of the ledger, of type bigint[].
    let (keys, digests) = unsafe { (StoredArray::new(keys), StoredArray::new(digests)) };
    Ok(keys.positions_of(id).any(|position| digests.value(position) == Some(digest)))
}
