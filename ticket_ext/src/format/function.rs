//! A function of the user's that makes tokens: without arguments, or with the old token as its only one.

use std::fmt;

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::privileges::in_own_path;
use crate::statement;

/// Qualified and quoted, so that it can stand in a statement, once it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// The type of its argument; None: it has none.
    pub argument: Option<String>,
}

impl Function {
    /// The error is what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, argument) = match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("it names no function".to_owned());
        }
        Ok(Self { name: name.to_owned(), argument })
    }

    /// By the caller's search_path. Err: why it cannot make tokens.
    pub fn resolve(
        &self,
        client: &SpiClient,
        context: &Context,
    ) -> Result<Result<Self, String>, TicketError> {
        let Some(function) = self.find(client, context)? else {
            let fault = "there is no such function without arguments, or with the old token as its only one";
            return Ok(Err(fault.to_owned()));
        };
        let kind = context.table.columns.type_of_token.kind.sql_type();
        let sql = include_str!("../queries/token_function.sql");
        let row = in_own_path(|| statement::read(client, sql, &[function.into(), kind.into()]))?.first();
        if let Some(fault) = row.get_by_name("fault")? {
            return Ok(Err(fault));
        }
        let argument: Option<String> = row.get_by_name("argument")?;
        let name = row.get_by_name("name")?.unwrap_or_default();
        Ok(Ok(Self { name, argument: argument.filter(|argument| !argument.is_empty()) }))
    }

    fn find(&self, client: &SpiClient, context: &Context) -> Result<Option<Oid>, TicketError> {
        let token = &context.table.columns.type_of_token;
        let arguments = match &self.argument {
            Some(argument) => vec![argument.as_str()],
            None => vec!["", token.kind.sql_type(), &token.base, "pg_catalog.varchar"],
        };
        for argument in arguments {
            let signature = format!("{}({argument})", self.name);
            let sql = "SELECT pg_catalog.to_regprocedure($1)::pg_catalog.oid";
            let found = statement::read(client, sql, &[signature.as_str().into()])?.first().get_one()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// A call with the old token.
    pub fn call(&self, token: &str) -> String {
        let argument = self.argument.as_ref().map(|argument| format!("{token}::{argument}"));
        format!("{}({})", self.name, argument.unwrap_or_default())
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{}({argument})", self.name),
            None => self.name.fmt(f),
        }
    }
}
