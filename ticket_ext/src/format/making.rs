//! How the batches of a run come to new tokens.

use std::rc::Rc;

use pgrx::PgSqlErrorCode;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::crowd::Crowd;
use crate::format::{Format, Lead, Source};

pub struct Making {
    format: Rc<Format>,
    tickets: i64,
}

impl Making {
    pub fn of_run(format: Option<String>, tickets: Option<i64>) -> Result<Self, TicketError> {
        Ok(Self { format: Rc::new(Format::of_run(format)?), tickets: tickets.unwrap_or_default() })
    }

    /// What the UPDATE of a batch adds where a function makes them.
    pub fn call(&self, context: &Context) -> String {
        let Format::Function(function) = &*self.format else { return String::new() };
        let columns = &context.table.columns;
        format!(", {}::{}", function.call(&columns.token_bytes), columns.type_of_token.kind.sql_type())
    }

    /// For about so many.
    pub fn source(
        &self,
        client: &mut SpiClient,
        context: &Context,
        about: i64,
    ) -> Result<Source, TicketError> {
        let free = match self.crowd(context) {
            Some(_) => Crowd::free(client, context, &self.format, about)?,
            None => Vec::new(),
        };
        let lead = if *self.format == Format::Uuid { Lead::draw(self.tickets)? } else { Lead::NONE };
        Ok(Source { format: Rc::clone(&self.format), lead, free })
    }

    /// Two sessions may have made the same short token; another attempt makes others.
    pub fn collision(&self, context: &Context, error: TicketError) -> TicketError {
        match (self.crowd(context), &error) {
            (
                Some(Crowd { codes, tickets }),
                TicketError::Violation { code: PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION, .. },
            ) => {
                let table = context.target.name.clone();
                TicketError::Collision { table, format: self.format.to_string(), codes, tickets }
            }
            _ => error,
        }
    }

    fn crowd(&self, context: &Context) -> Option<Crowd> {
        Crowd::of(context, &self.format, self.tickets)
    }
}
