//! What all steps of a call share: the session, the target, and what is known of its tickets.

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::session::Session;
use crate::target::Target;
use crate::tickets::Tickets;
use crate::types::{Name, RegClass};

pub struct Job {
    pub session: Session,
    pub target: Target,
    pub tickets: Tickets,
}

impl Job {
    pub fn check(
        client: &SpiClient,
        table: Option<RegClass>,
        column: Option<Name>,
    ) -> Result<Self, TicketError> {
        let session = Session::check(client)?;
        let target = Target::find(client, table, column)?;
        let tickets = Tickets::check(client, &session, &target)?;
        Ok(Self { session, target, tickets })
    }

    /// The statement with the names of the extension's schema and of the target filled in.
    pub fn sql(&self, text: &str) -> String {
        self.tickets.sql(&self.session.sql(text))
    }
}
