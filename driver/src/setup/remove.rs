//! Removes the edition, and with it the ledger, unless that is to be kept.

use postgres::types::Type;
use postgres::{Client, Transaction};

use super::state::State;
use super::{Change, Report, SchemaName};
use crate::error::{EditionError, Error};
use crate::session::{begin, fill};

pub struct Removal {
    /// Also while a run is not finished.
    pub force: bool,
    pub keep_ledger: bool,
}

pub fn remove(client: &mut Client, schema: &SchemaName, removal: &Removal) -> Result<Report, Error> {
    let mut transaction = begin(client)?;
    let state = State::of(&mut transaction, schema)?;
    let number = own_edition(&state)?;
    if !removal.force {
        refuse_unfinished(&mut transaction, &state)?;
    }
    refuse_dependents(&mut transaction, &state, number)?;
    let unguarded = guarded(&mut transaction, number)?;
    let kept = if removal.keep_ledger {
        Some(keep_ledger(&mut transaction, &state, schema, number)?)
    } else {
        transaction.batch_execute(&format!("DROP SCHEMA {} CASCADE", state.schema))?;
        None
    };
    transaction.commit()?;
    Ok(state.report(Change::Removed { kept, unguarded }))
}

/// The number of its schema.
fn own_edition(state: &State) -> Result<u32, EditionError> {
    let schema = state.schema.clone();
    match (state.number, &state.owner) {
        (Some(number), _) if state.is_edition && state.is_own => Ok(number),
        (Some(_), Some(owner)) if state.is_edition => {
            Err(EditionError::NotOwner { schema, owner: owner.clone() })
        }
        _ => Err(EditionError::NothingToRemove(schema)),
    }
}

fn refuse_unfinished(transaction: &mut Transaction, state: &State) -> Result<(), Error> {
    let sql = fill(include_str!("../sql/setup_unfinished.sql"), &[("schema", &state.schema)]);
    match transaction.query_typed_opt(&sql, &[])? {
        Some(row) => {
            let (run, table) = (row.get("run_id"), row.get("target_name"));
            Err(EditionError::Unfinished { run, table }.into())
        }
        None => Ok(()),
    }
}

/// CASCADE would drop them as well, as the default of a column of the application.
fn refuse_dependents(transaction: &mut Transaction, state: &State, number: u32) -> Result<(), Error> {
    let sql = include_str!("../sql/setup_dependents.sql");
    match transaction.query_typed_one(sql, &[(&number, Type::OID)])?.get("dependents") {
        Some(dependents) => Err(EditionError::Depended { schema: state.schema.clone(), dependents }.into()),
        None => Ok(()),
    }
}

fn guarded(transaction: &mut Transaction, number: u32) -> Result<Option<String>, Error> {
    let sql = include_str!("../sql/setup_guarded.sql");
    Ok(transaction.query_typed_one(sql, &[(&number, Type::OID)])?.get("tables"))
}

/// Under another name, so that it is taken for no edition, and an extension can take the old one.
fn keep_ledger(
    transaction: &mut Transaction,
    state: &State,
    schema: &SchemaName,
    number: u32,
) -> Result<String, Error> {
    let sql = include_str!("../sql/setup_kept.sql");
    let kept: String = transaction.query_typed_one(sql, &[(&schema.as_str(), Type::TEXT)])?.get("name");
    let number = number.to_string();
    let values = [("schema", &*state.schema), ("number", &number), ("kept", &kept)];
    transaction.batch_execute(&fill(include_str!("../sql/setup_keep_ledger.sql"), &values))?;
    Ok(kept)
}
