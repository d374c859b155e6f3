//! What a dry run has found, for people.

use indicatif::{HumanBytes, HumanCount};

use crate::duration;
use crate::session::DryRun;

pub fn lines(dry_run: &DryRun) -> Vec<String> {
    let (Some(batch), Some(run)) = (dry_run.batch, dry_run.forecast()) else {
        return vec!["dry run: there is nothing to rotate".to_owned()];
    };
    let count = |number: i64| HumanCount(number.max(0) as u64);
    let bytes = |number: i64| HumanBytes(number.max(0) as u64);
    let written = batch.wal.map_or(String::new(), |wal| {
        format!(" and wrote {} of WAL, {} bytes a ticket", bytes(wal), count(wal / batch.tickets))
    });
    let to_write = run.wal.map_or(String::new(), |wal| format!(" and write about {} of WAL", bytes(wal)));
    let (tickets, milliseconds) = (count(batch.tickets), batch.time.as_millis());
    let (left, time) = (count(run.tickets), duration::in_words(run.time));
    vec![
        format!("dry run: a batch of {tickets} tickets took {milliseconds} ms{written}, and was rolled back"),
        format!("dry run: at that pace one connection would take {time} for {left} tickets{to_write}"),
    ]
}
