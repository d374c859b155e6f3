//! Where a batch gets its new tokens from.

use std::rc::Rc;

use crate::error::TicketError;
use crate::format::{Format, Lead};

pub struct Source {
    pub format: Rc<Format>,
    pub lead: Lead,
    /// Tokens that no ticket has, where they are short.
    pub free: Vec<String>,
}

impl Source {
    pub fn uuid(&self) -> Result<uuid::Uuid, TicketError> {
        self.lead.uuid()
    }

    pub fn text(&mut self) -> Result<String, TicketError> {
        self.free.pop().map_or_else(|| self.format.text(self.lead), Ok)
    }

    pub fn bytes(&self) -> Result<Vec<u8>, TicketError> {
        self.format.bytes(self.lead)
    }
}
