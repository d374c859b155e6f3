//! The column that orders the tickets.

use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::choices::KeyChoice;
use crate::error::TicketError;
use crate::key::KeyKind;
use crate::session::Session;
use crate::statement;
use crate::target::Target;

#[derive(Clone, Default, PartialEq)]
pub struct KeyColumn {
    /// Quoted.
    pub column: String,
    pub name: String,
    pub number: i16,
    pub kind: KeyKind,
    /// Whether tickets can have an id in common.
    pub repeats: bool,
    /// The sequence that the keys come from.
    pub sequence: Option<Oid>,
}

impl KeyColumn {
    /// By the choice, or where that is of a run and serves no more, by default.
    pub fn find(
        client: &SpiClient,
        session: &Session,
        target: &Target,
        choice: &KeyChoice,
    ) -> Result<Self, TicketError> {
        let column = target.column.as_str();
        let args = [target.oid.into(), column.into(), choice.number().into(), choice.named().into()];
        let row = statement::read(client, include_str!("queries/key_column.sql"), &args)?.first();
        let text = |column: &str| row.get_by_name::<String, _>(column);
        let table = target.name.clone();
        if let (Some(fault), Some(column)) = (text("fault")?, choice.named()) {
            let remedy = text("remedy")?.map_or_else(|| another(&row, session, target), Ok)?;
            return Err(TicketError::BadKey { table, column: column.to_owned(), fault, remedy });
        }
        let Some(column) = text("key")? else {
            return Err(TicketError::NoKey { table, remedy: another(&row, session, target)? });
        };
        let is_uuid = row.get_by_name("is_uuid")?.unwrap_or_default();
        Ok(Self {
            column,
            name: text("key_name")?.unwrap_or_default(),
            number: row.get_by_name("key_number")?.unwrap_or_default(),
            kind: if is_uuid { KeyKind::Uuid } else { KeyKind::Number },
            repeats: row.get_by_name("repeats")?.unwrap_or(true),
            sequence: row.get_by_name("sequence")?,
        })
    }

    /// What orders a ticket, of the kind of the ledger's ids.
    pub fn id(&self, schema: &str) -> String {
        match self.kind {
            KeyKind::Number => format!("{}::pg_catalog.int8", self.column),
            KeyKind::Uuid => format!("{schema}.ticket_key({})", self.column),
        }
    }

    /// The key as it is read.
    pub fn value(&self) -> String {
        match self.kind {
            KeyKind::Number => format!("{}::pg_catalog.int8", self.column),
            KeyKind::Uuid => format!("{}::pg_catalog.uuid", self.column),
        }
    }
}

/// How to start by another column, an existing one or a new one.
fn another(row: &SpiTupleTable, session: &Session, target: &Target) -> Result<String, TicketError> {
    let Some(first) = row.get_by_name::<String, _>("candidate")? else {
        return Ok(row.get_by_name("new_key")?.unwrap_or_default());
    };
    let candidates: String = row.get_by_name("candidates")?.unwrap_or_default();
    let arguments = format!("{}, key_column => {first}", target.arguments);
    let call = session.call("start_ticket_rotation", &arguments);
    Ok(format!("Columns that can order them: {candidates}. {call}"))
}
