//! What the start of a run asks of the nodes.

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::key::KeyKind;

/// As `queries/plan_run.sql`, without a function that the other nodes may lack.
pub fn plan_query(context: &Context) -> String {
    let highest = match context.table.columns.key.kind {
        KeyKind::Number => "max(@key@)::pg_catalog.int8",
        // Whether there is any: of a UUID no other is the next.
        KeyKind::Uuid => "nullif(count(*), 0)",
    };
    include_str!("queries/plan.sql").replace("@highest@", highest)
}

pub fn drawn(client: &mut SpiClient, context: &Context, sequence: Oid) -> Result<Option<i64>, TicketError> {
    let sql = include_str!("queries/drawn.sql");
    Ok(context.session.write(client, sql, &[sequence.into()])?.first().get_one()?)
}

/// Where all ranges but the last one end.
pub fn range_ends(
    client: &mut SpiClient,
    context: &Context,
    upper_id: i64,
    ranges: i64,
    percent: f64,
) -> Result<Vec<i64>, TicketError> {
    let kind = context.table.columns.key.kind;
    let mut ids = Vec::new();
    for row in context.read(client, include_str!("queries/sample.sql"), &[percent.into()])? {
        ids.push(kind.read(&row, 1)?.id());
    }
    ids.sort_unstable();
    let mut ends: Vec<i64> = (1..ranges).filter_map(|part| end(&ids, part, ranges)).collect();
    ends.dedup();
    ends.retain(|end| *end < upper_id);
    Ok(ends)
}

fn end(ids: &[i64], part: i64, ranges: i64) -> Option<i64> {
    ids.get((ids.len() as i64 * part / ranges) as usize).copied()
}
