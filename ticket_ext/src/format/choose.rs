//! The choice of a format for a run: as it was asked for, or as a sample of the tokens has it.

use std::collections::BTreeSet;

use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::encoding::{is_utf8, shown};
use crate::error::TicketError;
use crate::format::looks_like::{is_uuid, looks_like};
use crate::format::{Format, trial};
use crate::token_type::TokenKind;

/// Enough for each character of an alphabet to come up, and read at once.
const SAMPLE: usize = 1000;

/// Of so few, with nothing in common, nobody can rely on a form.
const FEW: usize = 10;

/// Below it somebody may try all of them.
const ENOUGH_BITS: f64 = 64.0;

#[derive(Default)]
pub struct Wish {
    pub format: Option<String>,
    /// Also if it can be guessed.
    pub force: bool,
}

pub fn choose(
    client: &mut SpiClient,
    context: &Context,
    tickets: i64,
    wish: &Wish,
) -> Result<Format, TicketError> {
    let sample = Sample::of(client, context, tickets)?;
    let format = match &wish.format {
        Some(text) => asked_for(client, context, text)?,
        None => sample.only_uuids(context)?,
    };
    check_bits(context, &format, tickets, wish)?;
    trial::try_out(client, context, &format, sample.call(context))?;
    announce(context, &format);
    Ok(format)
}

fn asked_for(client: &mut SpiClient, context: &Context, text: &str) -> Result<Format, TicketError> {
    let call = context.start_call("format => 'sk_live_{base62:32}'");
    let bad = |fault| TicketError::BadFormat { format: text.to_owned(), fault, call: call.clone() };
    if !is_utf8()
        && text.contains(|one: char| !one.is_ascii() || one.is_control())
        && !text.starts_with("function:")
    {
        return Err(bad("in this database it can have ASCII characters only".to_owned()));
    }
    match (Format::parse(text).map_err(bad)?, context.table.columns.type_of_token.kind) {
        (Format::Function(_), _) if context.table.columns.citus.is_some() => {
            Err(bad("a function would be called by other nodes, in a table that Citus keeps".to_owned()))
        }
        (Format::Function(function), _) => {
            function.resolve(client, context)?.map(Format::Function).map_err(bad)
        }
        (Format::Template(_), TokenKind::Uuid) => Err(bad("the column is of type uuid".to_owned())),
        (Format::Bytes(_), TokenKind::Uuid | TokenKind::Text) => {
            Err(bad("the column is not of type bytea".to_owned()))
        }
        (format, _) => Ok(format),
    }
}

/// Tokens that are live, and what they look like.
struct Sample {
    tokens: usize,
    uuids: usize,
    looks: Option<Format>,
}

impl Sample {
    fn of(client: &mut SpiClient, context: &Context, tickets: i64) -> Result<Self, TicketError> {
        let kind = context.table.columns.type_of_token.kind;
        if kind == TokenKind::Uuid {
            return Ok(Self { tokens: 0, uuids: 0, looks: Some(Format::Uuid) });
        }
        let tokens = sample(client, context, tickets)?;
        if kind == TokenKind::Bytes {
            return Ok(Self { tokens: tokens.len(), uuids: 0, looks: bytes_look_like(&tokens) });
        }
        // What is no UTF-8 is no UUID, and no alphabet has its characters.
        let texts: Vec<String> =
            tokens.iter().map(|token| String::from_utf8_lossy(token).into_owned()).collect();
        let uuids = texts.iter().filter(|text| is_uuid(text)).count();
        Ok(Self { tokens: tokens.len(), uuids, looks: looks_like(&texts) })
    }

    fn only_uuids(&self, context: &Context) -> Result<Format, TicketError> {
        if self.tokens == 0 || self.looks == Some(Format::Uuid) {
            return Ok(Format::Uuid);
        }
        if self.looks.is_none() && self.tokens < FEW {
            let table = shown(&context.target.name);
            warning!("the few tokens of table {table} have no form that could be kept: new ones are UUIDs");
            return Ok(Format::Uuid);
        }
        Err(TicketError::OtherFormat {
            table: context.target.name.clone(),
            column: context.table.columns.token.clone(),
            sampled: self.tokens,
            uuids: self.uuids,
            looks: self.looks.as_ref().map(Format::to_string),
            call: self.call(context),
        })
    }

    /// A start with the format that they look like, or with an example.
    fn call(&self, context: &Context) -> String {
        let Some(looks) = &self.looks else { return context.start_call("format => 'sk_live_{base62:32}'") };
        let folds_case = context.table.columns.type_of_token.folds_case;
        let is_weak = looks.bits(folds_case).is_some_and(|bits| bits < ENOUGH_BITS);
        start_with(context, looks, is_weak)
    }
}

fn start_with(context: &Context, format: &Format, force: bool) -> String {
    let force = if force { ", force => true" } else { "" };
    context.start_call(&format!("format => '{}'{force}", format.to_string().replace('\'', "''")))
}

fn bytes_look_like(tokens: &BTreeSet<Vec<u8>>) -> Option<Format> {
    let longest = tokens.iter().map(Vec::len).max().filter(|longest| *longest > 0)?;
    let is_uuid = tokens.iter().all(|token| token.len() == 16);
    Some(if is_uuid { Format::Uuid } else { Format::Bytes(longest) })
}

/// Of all parts of the table, as far as it is large.
fn sample(client: &mut SpiClient, context: &Context, tickets: i64) -> Result<BTreeSet<Vec<u8>>, TicketError> {
    let percent = (100.0 * 3.0 * SAMPLE as f64 / tickets.max(1) as f64).min(100.0);
    let bytes = match context.table.columns.type_of_token.kind {
        TokenKind::Text => "convert_to(@token_bytes@, getdatabaseencoding())",
        _ => "@token_bytes@",
    };
    let sql = include_str!("../queries/sample_tokens.sql").replace("@bytes@", bytes);
    let mut tokens = BTreeSet::new();
    for row in context.read(client, &sql, &[percent.into(), (SAMPLE as i64).into()])? {
        tokens.extend(row.get::<Vec<u8>>(1)?);
    }
    Ok(tokens)
}

fn check_bits(context: &Context, format: &Format, tickets: i64, wish: &Wish) -> Result<(), TicketError> {
    let columns = &context.table.columns;
    let Some(bits) = format.bits(columns.type_of_token.folds_case) else { return Ok(()) };
    if columns.is_unique && bits < (2.0 * tickets as f64).log2() {
        let (format, table) = (format.to_string(), context.target.name.clone());
        return Err(TicketError::FullFormat { format, table, bits, tickets });
    }
    if bits < ENOUGH_BITS && !wish.force {
        let call = start_with(context, format, true);
        return Err(TicketError::WeakFormat { format: format.to_string(), bits, call });
    }
    Ok(())
}

fn announce(context: &Context, format: &Format) {
    let text = shown(&format.to_string());
    match format.bits(context.table.columns.type_of_token.folds_case) {
        _ if *format == Format::Uuid => {}
        None => notice!("new tokens are made by {text}, which alone knows how random they are"),
        Some(bits) => notice!("new tokens look like {text}: {bits:.0} random bits"),
    }
}
