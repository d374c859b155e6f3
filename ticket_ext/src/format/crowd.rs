//! Short codes: where so many are taken that a new one may be taken as well, a batch draws from codes that are free.

use std::collections::HashSet;

use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::{Format, Lead};
use crate::statement::ids_of;
use crate::token_type::TokenKind;

/// A batch in a million may meet with a code that is taken, and is repeated then.
const RARE: f64 = 1e-6;

/// Two sessions may draw the same code, and one of them repeats its batch.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    pub codes: f64,
    pub tickets: i64,
}

impl Crowd {
    /// None where a new token is free for certain.
    pub fn of(context: &Context, format: &Format, tickets: i64) -> Option<Self> {
        let columns = &context.table.columns;
        let codes = format.bits(columns.type_of_token.folds_case)?.exp2();
        let is_crowded = columns.is_unique && (tickets as f64).powi(2) / codes > RARE;
        is_crowded.then_some(Self { codes, tickets })
    }

    /// Of about so many, which no ticket has.
    pub fn free(
        client: &mut SpiClient,
        context: &Context,
        format: &Format,
        wanted: i64,
    ) -> Result<Vec<String>, TicketError> {
        if context.table.columns.type_of_token.kind != TokenKind::Text {
            return Ok(Vec::new());
        }
        let drawn: HashSet<String> =
            (0..wanted + wanted / 8 + 16).map(|_| format.text(Lead::NONE)).collect::<Result<_, _>>()?;
        let drawn: Vec<String> = drawn.into_iter().collect();
        let sql = include_str!("../queries/free_tokens.sql")
            .replace("@base@", &context.table.columns.type_of_token.base)
            .replace("@equals@", &context.table.columns.type_of_token.equals);
        Ok(ids_of(context.read(client, &sql, &[drawn.into()])?)?)
    }
}
