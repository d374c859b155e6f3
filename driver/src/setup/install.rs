//! Installs the edition, or brings it up to date: one transaction, so that there is all of it or nothing.

use std::cmp::Ordering;

use postgres::{Client, Transaction};

use super::print::body;
use super::state::State;
use super::steps::{STEPS, path};
use super::{Change, Report, SchemaName};
use crate::error::{EditionError, Error, Update};
use crate::session::{Edition, Kind, Version, begin, fill};

pub fn install(client: &mut Client, schema: &SchemaName) -> Result<Report, Error> {
    let mut transaction = begin(client)?;
    let state = State::of(&mut transaction, schema)?;
    refuse_another(&mut transaction, &state)?;
    let change = match state.number {
        Some(_) if state.is_edition => update(&mut transaction, &state)?,
        _ => create(&mut transaction, &state, schema)?,
    };
    transaction.commit()?;
    Ok(state.report(change))
}

/// The extension, or an edition in another schema. Those that this role does not trust do not count: anybody who may
/// create a schema can put up one.
fn refuse_another(transaction: &mut Transaction, state: &State) -> Result<(), Error> {
    match Edition::find(transaction, None)? {
        Some(Edition { kind: Kind::Extension, schema, .. }) => Err(EditionError::Extension(schema).into()),
        Some(Edition { trusted: true, schema, .. }) if schema != state.schema => {
            Err(EditionError::Elsewhere(schema).into())
        }
        _ => Ok(()),
    }
}

/// A schema that is there has to be empty, and nobody else's.
fn create(transaction: &mut Transaction, state: &State, schema: &SchemaName) -> Result<Change, Error> {
    let is_ours = state.is_own && !state.holds_objects && !state.others_may_create;
    match state.number {
        Some(_) if !is_ours => return Err(EditionError::SchemaForeign(state.schema.clone()).into()),
        Some(_) => {}
        None if !state.may_create => {
            let State { role, database, grant, .. } = state;
            let (role, database, grant) = (role.clone(), database.clone(), grant.clone());
            return Err(EditionError::NoCreate { role, database, grant }.into());
        }
        None => transaction.batch_execute(&format!("CREATE SCHEMA {}", state.schema))?,
    }
    transaction.batch_execute(&body(schema))?;
    Ok(Change::Installed)
}

fn update(transaction: &mut Transaction, state: &State) -> Result<Change, Error> {
    if !state.is_own {
        let (schema, owner) = (state.schema.clone(), state.owner.clone().unwrap_or_default());
        return Err(EditionError::NotOwner { schema, owner }.into());
    }
    let (installed, own) = (Version::installed(transaction, &state.schema)?, Version::own());
    match installed.compare(&own) {
        Ordering::Equal => return Ok(Change::UpToDate),
        Ordering::Greater => return Err(installed.refused(Update::Driver).into()),
        Ordering::Less => {}
    }
    let steps = path(STEPS, installed.text(), own.text()).ok_or_else(|| installed.refused(Update::Again))?;
    for step in steps {
        transaction.batch_execute(&fill(step.text, &[("extschema", &state.schema)]))?;
    }
    let values = [("schema", &*state.schema), ("version", own.text())];
    transaction.batch_execute(&fill(include_str!("../sql/setup_updated.sql"), &values))?;
    Ok(Change::Updated { from: installed.text().to_owned() })
}
