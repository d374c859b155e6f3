//! SQL text and the plans kept for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::datum::{DatumWithOid, FromDatum, IntoDatum};
use pgrx::pg_sys::{Oid, PgOid};
use pgrx::spi::{OwnedPreparedStatement, SpiClient, SpiResult, SpiTupleTable};

use crate::encoding::{escape_result, restored, to_server};

/// Plans are kept by their text, which names the target by schema and table. A table that is renamed or
/// replaced changes either the text or, by the server's own invalidation, the plan behind it.
type Plans = HashMap<String, Plan>;

/// The types are those of its arguments: a column may have another type under the same name.
struct Plan {
    types: Vec<Oid>,
    statement: Rc<OwnedPreparedStatement>,
}

impl Plan {
    fn for_types(&self, args: &[DatumWithOid]) -> Option<Rc<OwnedPreparedStatement>> {
        let same = self.types.iter().copied().eq(args.iter().map(DatumWithOid::oid));
        same.then(|| Rc::clone(&self.statement))
    }
}

/// A backend rotates one or two targets with some ten statements each; past that it starts afresh.
const MOST_PLANS: usize = 100;

thread_local! {
    static PLANS: RefCell<Plans> = RefCell::default();
}

/// Fills in each `@name@`, in one pass, since a value may hold an @ of its own.
pub fn fill<'a>(text: &'a str, names: &[(&str, &'a str)]) -> String {
    let value =
        |name: &'a str| names.iter().find(|(known, _)| name == *known).map_or(name, |&(_, value)| value);
    text.split('@').enumerate().map(|(i, part)| if i % 2 == 0 { part } else { value(part) }).collect()
}

/// For what must also work, or be refused politely, in a read-only transaction.
pub fn read<'conn>(
    client: &SpiClient<'conn>,
    text: &str,
    args: &[DatumWithOid],
) -> SpiResult<SpiTupleTable<'conn>> {
    let plan = plan(client, text, args)?;
    let rows = client.select(&*plan, None, restored(args).as_deref().unwrap_or(args))?;
    escape_result();
    Ok(rows)
}

/// As `read`, for what is read once: no plan is kept, and the server may take parallel workers.
pub fn read_once<'conn>(client: &SpiClient<'conn>, text: &str) -> SpiResult<SpiTupleTable<'conn>> {
    let rows = client.select(&*to_server(text), None, &[])?;
    escape_result();
    Ok(rows)
}

pub fn write<'conn>(
    client: &mut SpiClient<'conn>,
    text: &str,
    args: &[DatumWithOid],
) -> SpiResult<SpiTupleTable<'conn>> {
    let plan = plan(client, text, args)?;
    let rows = client.update(&*plan, None, restored(args).as_deref().unwrap_or(args))?;
    escape_result();
    Ok(rows)
}

/// The first column of all rows, without NULLs.
pub fn ids_of<T: FromDatum + IntoDatum>(rows: SpiTupleTable) -> SpiResult<Vec<T>> {
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        ids.extend(row.get::<T>(1)?);
    }
    Ok(ids)
}

fn plan(client: &SpiClient<'_>, text: &str, args: &[DatumWithOid]) -> SpiResult<Rc<OwnedPreparedStatement>> {
    if let Some(statement) = PLANS.with_borrow(|plans| plans.get(text)?.for_types(args)) {
        return Ok(statement);
    }
    let types: Vec<Oid> = args.iter().map(DatumWithOid::oid).collect();
    let of_arguments: Vec<PgOid> = types.iter().copied().map(PgOid::from).collect();
    let statement = Rc::new(client.prepare_mut(&to_server(text), &of_arguments)?.keep());
    PLANS.with_borrow_mut(|plans| {
        if plans.len() >= MOST_PLANS {
            plans.clear();
        }
        plans.insert(text.to_owned(), Plan { types, statement: Rc::clone(&statement) });
    });
    Ok(statement)
}
