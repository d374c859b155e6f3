//! The choice of a format for a run: as it was asked for, or as a sample of the tokens has it.

use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::looks_like::{is_uuid, looks_like};
use crate::format::{Format, TokenKind, trial};

/// Enough for each character of an alphabet to come up, and read at once.
const SAMPLE: usize = 1000;

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
    let format = match &wish.format {
        Some(text) => asked_for(client, context, text)?,
        None => by_sample(client, context, tickets)?,
    };
    check_bits(context, &format, tickets, wish)?;
    trial::try_out(client, context, &format)?;
    Ok(format)
}

fn asked_for(client: &mut SpiClient, context: &Context, text: &str) -> Result<Format, TicketError> {
    let call = context.start_call("format => 'sk_live_{base62:32}'");
    let bad = |fault| TicketError::BadFormat { format: text.to_owned(), fault, call: call.clone() };
    match (Format::parse(text).map_err(bad)?, context.table.columns.type_of_token.kind) {
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

fn by_sample(client: &mut SpiClient, context: &Context, tickets: i64) -> Result<Format, TicketError> {
    let kind = context.table.columns.type_of_token.kind;
    if kind == TokenKind::Uuid {
        return Ok(Format::Uuid);
    }
    let tokens = sample(client, context, tickets)?;
    let (looks, uuids) = match kind {
        TokenKind::Bytes => (bytes_look_like(&tokens), 0),
        _ => {
            // What is no UTF-8 is no UUID, and no alphabet has its characters.
            let texts: Vec<String> =
                tokens.iter().map(|token| String::from_utf8_lossy(token).into_owned()).collect();
            (looks_like(&texts), texts.iter().filter(|text| is_uuid(text)).count())
        }
    };
    if tokens.is_empty() || looks == Some(Format::Uuid) {
        return Ok(Format::Uuid);
    }
    Err(other_format(context, looks, tokens.len(), uuids))
}

fn other_format(context: &Context, looks: Option<Format>, sampled: usize, uuids: usize) -> TicketError {
    let columns = &context.table.columns;
    let looks = looks.map(|format| format.to_string());
    let format = looks.clone().unwrap_or_else(|| "sk_live_{base62:32}".to_owned());
    TicketError::OtherFormat {
        table: context.target.name.clone(),
        column: columns.token.clone(),
        sampled,
        uuids,
        looks,
        call: context.start_call(&format!("format => '{}'", format.replace('\'', "''"))),
    }
}

fn bytes_look_like(tokens: &[Vec<u8>]) -> Option<Format> {
    let longest = tokens.iter().map(Vec::len).max().filter(|longest| *longest > 0)?;
    let is_uuid = tokens.iter().all(|token| token.len() == 16);
    Some(if is_uuid { Format::Uuid } else { Format::Bytes(longest) })
}

/// Of all parts of the table, as far as it is large.
fn sample(client: &mut SpiClient, context: &Context, tickets: i64) -> Result<Vec<Vec<u8>>, TicketError> {
    let percent = (100.0 * 3.0 * SAMPLE as f64 / tickets.max(1) as f64).min(100.0);
    let bytes = match context.table.columns.type_of_token.kind {
        TokenKind::Text => "convert_to(@token_bytes@, getdatabaseencoding())",
        _ => "@token_bytes@",
    };
    let sql = include_str!("../queries/sample_tokens.sql").replace("@bytes@", bytes);
    let mut tokens = Vec::new();
    for row in context.read(client, &sql, &[percent.into(), (SAMPLE as i64).into()])? {
        tokens.extend(row.get::<Vec<u8>>(1)?);
    }
    Ok(tokens)
}

fn check_bits(context: &Context, format: &Format, tickets: i64, wish: &Wish) -> Result<(), TicketError> {
    let columns = &context.table.columns;
    let text = format.to_string();
    let Some(bits) = format.bits(columns.type_of_token.folds_case) else {
        notice!("new tokens are made by {text}, which alone knows how random they are");
        return Ok(());
    };
    let call = context.start_call(&format!("format => '{}', force => true", text.replace('\'', "''")));
    if columns.is_unique && bits < (2.0 * tickets as f64).log2() {
        let table = context.target.name.clone();
        return Err(TicketError::FullFormat { format: text, table, bits, tickets });
    }
    if bits < ENOUGH_BITS && !wish.force {
        return Err(TicketError::WeakFormat { format: text, bits, call });
    }
    if *format != Format::Uuid {
        notice!("new tokens look like {text}: {bits:.0} random bits");
    }
    Ok(())
}
