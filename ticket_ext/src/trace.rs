//! Whose tokens leaked: looks up by their digests which tickets had them, and which runs retired them.
//!
//! There is no index on digests, and the planner, which knows nothing of what is in an array, would hash millions of
//! entries. So the digests that are asked for are hashed, and the entries of each run pass by once.

use std::collections::HashSet;

use pgrx::Spi;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::target::TargetArgs;
use crate::traced_keys::names;

/// Entries in memory at a time.
const STEP: i64 = 20_000;

pub enum Traced {
    Retired {
        digest: i64,
        run: i64,
        id: i64,
        /// As people see it, see `traced_keys.rs`.
        key: String,
        at: Option<TimestampWithTimeZone>,
    },
    /// Its entries are dropped: what it retired is not known.
    Forgotten { run: i64 },
}

/// Of all runs of the target, the newest first.
pub fn trace(digests: &HashSet<i64>, args: &TargetArgs) -> Result<Vec<Traced>, TicketError> {
    let context = Spi::connect_mut(|client| Context::for_reading(client, args))?;
    Spi::connect_mut(|client| check(client, &context))?;
    let mut traced = Vec::new();
    for (run, has_entries) in Spi::connect(|client| runs(client, &context))? {
        if has_entries {
            let mut position = (0, i64::MIN);
            while let Some(next) = step(&context, run, position, digests, &mut traced)? {
                position = next;
            }
        } else {
            traced.push(Traced::Forgotten { run });
        }
    }
    name_keys(&context, &mut traced)?;
    Ok(traced)
}

fn name_keys(context: &Context, traced: &mut [Traced]) -> Result<(), TicketError> {
    let id = |traced: &Traced| if let Traced::Retired { id, .. } = traced { Some(*id) } else { None };
    let names = names(context, traced.iter().filter_map(id))?;
    for traced in traced {
        if let Traced::Retired { id, key, .. } = traced {
            key.clone_from(&names[id]);
        }
    }
    Ok(())
}

/// Who may not read keys and tokens of the table learns none of its keys from the ledger.
fn check(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    context.read(client, "SELECT @key@, @token@ FROM @target@ LIMIT 0", &[])?;
    Ok(())
}

fn runs(client: &SpiClient, context: &Context) -> Result<Vec<(i64, bool)>, TicketError> {
    let columns = &context.table.columns;
    let args =
        [context.target.oid.into(), columns.token_number.into(), context.target.column.as_str().into()];
    let mut runs = Vec::new();
    for row in context.session.read(client, include_str!("queries/traced_runs.sql"), &args)? {
        runs.push((row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or(true)));
    }
    Ok(runs)
}

/// Returns the last row that it has read, and frees what it has read.
fn step(
    context: &Context,
    run: i64,
    (sweep, last_id): (i32, i64),
    digests: &HashSet<i64>,
    traced: &mut Vec<Traced>,
) -> Result<Option<(i32, i64)>, TicketError> {
    Spi::connect(|client| {
        let args = [run.into(), sweep.into(), last_id.into(), STEP.into()];
        let mut position = None;
        for row in context.session.read(client, include_str!("queries/traced_batches.sql"), &args)? {
            let at: Option<TimestampWithTimeZone> = row.get(3)?;
            let ids: Vec<i64> = row.get(4)?.unwrap_or_default();
            let retired: Vec<Option<i64>> = row.get(5)?.unwrap_or_default();
            let found = ids.into_iter().zip(retired).filter_map(|(id, digest)| Some((id, digest?)));
            let found = found.filter(|(_, digest)| digests.contains(digest));
            let retired = |(id, digest)| Traced::Retired { digest, run, id, key: String::new(), at };
            traced.extend(found.map(retired));
            position = Some((row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or_default()));
        }
        Ok(position)
    })
}
