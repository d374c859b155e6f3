//! Where a batch gets its new tokens from.

use std::rc::Rc;

use crate::error::TicketError;
use crate::format::{Format, Lead};
use crate::token;

pub struct Source {
    pub format: Rc<Format>,
    pub lead: Lead,
    /// Tokens that no ticket has, where they are short.
    pub free: Vec<String>,
}

impl Source {
    pub fn uuid(&self) -> Result<uuid::Uuid, TicketError> {
        match *self.format {
            Format::Uuid => self.lead.uuid(),
            _ => token::new(),
        }
    }

    pub fn text(&mut self) -> Result<String, TicketError> {
        match (self.free.pop(), &*self.format) {
            (Some(free), _) => Ok(free),
            (None, Format::Uuid) => Ok(self.lead.uuid()?.to_string()),
            (None, format) => format.text(),
        }
    }

    /// As `text`, for a bytea.
    pub fn bytes(&self) -> Result<Vec<u8>, TicketError> {
        match &*self.format {
            Format::Uuid => Ok(self.lead.uuid()?.as_bytes().to_vec()),
            format => format.bytes(),
        }
    }
}
