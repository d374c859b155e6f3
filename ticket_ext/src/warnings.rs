//! What does not keep a run from starting and should be known of it.

use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::encoding::shown;
use crate::error::TicketError;

/// Enough to find a copy of the token, which few tickets may have.
const SAMPLE: i64 = 1000;

pub fn warn(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    warn_of_copies(client, context)?;
    warn_of_scans(client, context)
}

/// A copy or a digest of the old token may go on being accepted.
fn warn_of_copies(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    let args = [context.target.oid.into(), context.target.column.as_str().into()];
    let mut suspects: Vec<(String, String, bool)> = Vec::new();
    for row in context.read(client, include_str!("queries/other_texts.sql"), &args)? {
        let name = row.get(1)?.unwrap_or_default();
        suspects.push((name, row.get(2)?.unwrap_or_default(), row.get(3)?.unwrap_or_default()));
    }
    let held = hold_the_same(client, context, &suspects)?;
    let names = suspects.iter().zip(held).filter(|((_, _, sounds), held)| *sounds || *held);
    let names: Vec<&str> = names.map(|((name, ..), _)| name.as_str()).collect();
    if !names.is_empty() {
        warning!(
            "table {} has a copy or a digest of the tokens, as it seems, which this run does not change: {}",
            shown(&context.target.name),
            shown(&names.join(", "))
        );
    }
    Ok(())
}

/// Whether columns have the token, or its MD5 or SHA-256, in some of the first tickets.
fn hold_the_same(
    client: &mut SpiClient,
    context: &Context,
    columns: &[(String, String, bool)],
) -> Result<Vec<bool>, TicketError> {
    let texts = columns.iter().map(|(_, text, _)| text.as_str()).chain([""]).collect::<Vec<_>>().join(", ");
    let held = |i: usize| format!("bool_or(texts[{}] = ANY (forms))", i + 1);
    let held: Vec<String> = (0..columns.len()).map(held).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let sql = include_str!("queries/same_values.sql")
        .replace("@texts@", texts.trim_end_matches([',', ' ']))
        .replace("@held@", &held.join(", "));
    let row = context.read(client, &sql, &[SAMPLE.into()])?.first();
    (1..=columns.len()).map(|i| Ok(row.get::<bool>(i)?.unwrap_or_default())).collect()
}

/// Each ticket would scan a table whose foreign key follows the token and has no index.
fn warn_of_scans(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    let args = [context.target.oid.into(), context.table.columns.token_number.into()];
    for row in context.read(client, include_str!("queries/unindexed_references.sql"), &args)? {
        let [key, index]: [String; 2] = [row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or_default()];
        let [key, index] = [key, index].map(|text: String| shown(&text));
        warning!("each new token scans the table of foreign key {key}, which has no index: {index}");
    }
    Ok(())
}
