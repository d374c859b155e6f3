//! New tokens are tried on the column before a run starts: not its first batch should find out that they do not fit.

use std::collections::HashSet;

use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::{Format, Function, Lead};
use crate::token_type::{TokenKind, TokenType};
use crate::violation::without_row;

/// A CHECK that some tokens pass by chance is mostly found with so many.
const TOKENS: i64 = 50;

/// `call` starts a run with another format, as an error may suggest.
pub fn try_out(
    client: &mut SpiClient,
    context: &Context,
    format: &Format,
    call: String,
) -> Result<(), TicketError> {
    let trial = Trial { context, format, call };
    let tokens = match format {
        Format::Function(function) => trial.call(client, function)?,
        _ => trial.make()?,
    };
    if tokens.is_empty() {
        return Ok(());
    }
    trial.fit(client, &tokens)?;
    for (constraint, condition) in trial.constraints(client)? {
        if trial.violate(client, &tokens, &condition)? {
            return Err(trial.unfit(format!("they violate {constraint}")));
        }
    }
    Ok(())
}

struct Trial<'a> {
    context: &'a Context,
    format: &'a Format,
    call: String,
}

impl Trial<'_> {
    fn make(&self) -> Result<Vec<String>, TicketError> {
        let bytes = self.context.table.columns.type_of_token.kind == TokenKind::Bytes;
        let one = || {
            if bytes {
                Ok(self
                    .format
                    .bytes(Lead::NONE)?
                    .iter()
                    .fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")))
            } else {
                self.format.text(Lead::NONE)
            }
        };
        (0..TOKENS).map(|_| one()).collect()
    }

    /// Tokens that the function makes for the first tickets, two for each.
    fn call(&self, client: &mut SpiClient, function: &Function) -> Result<Vec<String>, TicketError> {
        let call = function.call("old.token");
        let sql = format!(
            "SELECT {call}::pg_catalog.text, {call}::pg_catalog.text
             FROM (SELECT @token_bytes@ AS token FROM @target@ WHERE true@has_token@ LIMIT $1) AS old"
        );
        let mut tokens = Vec::new();
        for row in self.context.update(client, &sql, &[TOKENS.into()])? {
            for column in [1, 2] {
                let token = row.get(column)?;
                tokens.push(token.ok_or_else(|| self.unfit("the function returns NULL".to_owned()))?);
            }
        }
        if tokens.iter().collect::<HashSet<&String>>().len() < tokens.len() {
            return Err(self.unfit("the function returns the same token twice".to_owned()));
        }
        Ok(tokens)
    }

    /// An explicit cast cuts off what is too long, and checks a domain.
    fn fit(&self, client: &mut SpiClient, tokens: &[String]) -> Result<(), TicketError> {
        let TokenType { declared, kind, .. } = &self.context.table.columns.type_of_token;
        let cut = match kind {
            TokenKind::Text => format!("length(token::{declared}::text) < length(token)"),
            _ => format!("token::{declared} IS NULL"),
        };
        let sql = format!("SELECT count(*) FROM unnest($1) AS fresh (token) WHERE {cut}");
        let cut: Option<i64> = self.refused(|| {
            let rows = self.context.read(client, &sql, &[tokens.to_vec().into()])?;
            Ok(rows.first().get_one()?)
        })?;
        if cut.is_some_and(|cut| cut > 0) {
            let longest = tokens.iter().map(String::len).max().unwrap_or_default();
            return Err(self.unfit(format!("they have {longest} characters, more than its {declared} holds")));
        }
        Ok(())
    }

    /// CHECK constraints on the token, also of partitions: what they are called, and their conditions.
    fn constraints(&self, client: &mut SpiClient) -> Result<Vec<(String, String)>, TicketError> {
        let args = [self.context.target.oid.into(), self.context.target.column.as_str().into()];
        let mut constraints = Vec::new();
        for row in self.context.read(client, include_str!("../queries/token_checks.sql"), &args)? {
            constraints.push((row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or_default()));
        }
        Ok(constraints)
    }

    /// In the place of the tokens of the first tickets.
    fn violate(
        &self,
        client: &mut SpiClient,
        tokens: &[String],
        condition: &str,
    ) -> Result<bool, TicketError> {
        let args = [self.context.target.oid.into(), self.context.target.column.as_str().into()];
        let row = self.context.read(client, include_str!("../queries/other_columns.sql"), &args)?.first();
        let columns: String = row.get_one()?.unwrap_or_default();
        let sql = include_str!("../queries/violating_tokens.sql")
            .replace("@columns@", &columns)
            .replace("@declared@", &self.context.table.columns.type_of_token.declared)
            .replace("@condition@", condition);
        let rows = self.context.read(client, &sql, &[tokens.to_vec().into(), TOKENS.into()])?;
        Ok(rows.first().get_one()?.unwrap_or(false))
    }

    /// The server's own error would quote the token.
    fn refused<T>(&self, work: impl FnOnce() -> Result<T, TicketError>) -> Result<T, TicketError> {
        without_row(work).map_err(|error| match error {
            TicketError::Violation { message, .. } => self.unfit(message),
            other => other,
        })
    }

    fn unfit(&self, fault: String) -> TicketError {
        TicketError::UnfitFormat {
            format: self.format.to_string(),
            table: self.context.target.name.clone(),
            column: self.context.table.columns.token.clone(),
            fault,
            call: self.call.clone(),
        }
    }
}
