//! What all steps of a call share: the session, the target, and what is known of its tickets.

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::session::Session;
use crate::statement;
use crate::target::{Target, Wanted};
use crate::tickets::Tickets;

/// Ids that an error names, of the tickets it counts.
const MOST_NAMED: usize = 5;

pub struct Job {
    pub session: Session,
    pub target: Target,
    pub tickets: Tickets,
}

impl Job {
    pub fn check(client: &SpiClient, wanted: Wanted) -> Result<Self, TicketError> {
        let (session, target) = Session::check(client, wanted)?;
        let tickets = Tickets::check(client, &session, &target)?;
        Ok(Self { session, target, tickets })
    }

    /// For what only reads.
    pub fn look(client: &SpiClient, wanted: Wanted) -> Result<Self, TicketError> {
        let (session, target) = Session::look(client, wanted)?;
        let tickets = Tickets::look(client, &session, &target)?;
        Ok(Self { session, target, tickets })
    }

    /// The statement with the names of the extension's schema and of the target filled in.
    pub fn sql(&self, text: &str) -> String {
        let names = [
            ("extschema", self.session.schema.as_str()),
            ("target", &self.target.name),
            ("id", &self.tickets.traits.id_column),
            ("token", &self.tickets.traits.token_column),
            ("new_token", &self.tickets.traits.new_token),
        ];
        statement::fill(text, &names)
    }

    pub fn not_rotated(&self, ids: &[i64]) -> TicketError {
        let mut named: Vec<String> = ids.iter().take(MOST_NAMED).map(i64::to_string).collect();
        if ids.len() > MOST_NAMED {
            named.push("...".into());
        }
        TicketError::NotRotated {
            table: self.target.name.clone(),
            count: ids.len(),
            ids: named.join(", "),
            disable: self.tickets.traits.disable_row_triggers.clone().unwrap_or_default(),
        }
    }
}
