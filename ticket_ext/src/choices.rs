//! What was chosen at the start of a run and holds for each of its calls.

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::session::Session;
use crate::target::Target;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub key: KeyChoice,
    /// Whether a ticket without a token gets one.
    pub fill_null: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyChoice {
    #[default]
    Default,
    Named(String),
    /// That of a run. Whether it still serves is for the run to say.
    Number(i16),
}

impl KeyChoice {
    pub fn named(&self) -> Option<&str> {
        if let Self::Named(name) = self { Some(name) } else { None }
    }

    pub fn number(&self) -> Option<i16> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

impl Choices {
    /// Those of the newest run of the target, if there is one.
    pub fn of_run(client: &SpiClient, session: &Session, target: &Target) -> Result<Self, TicketError> {
        let args = [target.oid.into(), target.column.as_str().into()];
        let row = session.read(client, include_str!("queries/choices.sql"), &args)?.first();
        if row.is_empty() {
            return Ok(Self::default());
        }
        let key = row.get_by_name("key_number")?.map_or(KeyChoice::Default, KeyChoice::Number);
        Ok(Self { key, fill_null: row.get_by_name("fill_null")?.unwrap_or_default() })
    }
}
