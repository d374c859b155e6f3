//! Whose token was this: one token, in the words of a person, among the live ones and the entries.

use std::collections::HashSet;

use pgrx::Spi;
use uuid::Uuid;

use crate::context::Context;
use crate::digest::digest;
use crate::error::TicketError;
use crate::statement::ids_of;
use crate::target::TargetArgs;
use crate::token_type::TokenKind;
use crate::trace::{Traced, trace};

pub struct Found {
    /// Keys of the tickets that have it now.
    pub live: Vec<String>,
    pub traced: Vec<Traced>,
}

/// The ways in which the column can hold a token, each as text and as canonical bytes.
struct Spellings(Vec<(String, Vec<u8>)>);

pub fn trace_token(token: &str, args: &TargetArgs) -> Result<Found, TicketError> {
    let context = Spi::connect_mut(|client| Context::for_reading(client, args))?;
    let token = Spellings::of(token, &context)?;
    let digests: HashSet<i64> = token.0.iter().map(|(_, bytes)| digest(bytes)).collect();
    let live = live(&context, &token)?;
    Ok(Found { live, traced: trace(&digests, args)? })
}

fn live(context: &Context, token: &Spellings) -> Result<Vec<String>, TicketError> {
    let texts: Vec<String> = token.0.iter().map(|(text, _)| text.clone()).collect();
    let array = format!("$1::text[]::{}[]", context.table.columns.type_of_token.kind.sql_type());
    let sql = format!("SELECT @key@::text FROM @target@ WHERE @token@ = ANY ({array}) ORDER BY @key@");
    Spi::connect_mut(|client| Ok(ids_of(context.read(client, &sql, &[texts.into()])?)?))
}

impl Spellings {
    /// The server's own error would quote what is no token.
    fn of(token: &str, context: &Context) -> Result<Self, TicketError> {
        let no_token = |expected| TicketError::NoToken { table: context.target.name.clone(), expected };
        let uuid = Uuid::try_parse(token.trim()).ok();
        match context.table.columns.type_of_token.kind {
            TokenKind::Uuid => {
                let uuid = uuid.ok_or_else(|| no_token("a UUID"))?;
                Ok(Self(vec![(uuid.to_string(), uuid.into_bytes().to_vec())]))
            }
            TokenKind::Bytes => {
                let bytes = bytes(token.trim()).ok_or_else(|| no_token("\\x and hexadecimal digits"))?;
                Ok(Self(vec![(token.trim().to_owned(), bytes)]))
            }
            TokenKind::Text => {
                let mut texts = HashSet::from([token.to_owned(), token.trim().to_owned()]);
                if let Some(uuid) = uuid {
                    let (dashed, simple) = (uuid.hyphenated().to_string(), uuid.simple().to_string());
                    texts.extend([dashed.to_uppercase(), simple.to_uppercase(), dashed, simple]);
                }
                Ok(Self(texts.into_iter().map(|text| (text.clone(), text.into_bytes())).collect()))
            }
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(r"\x")?.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8);
    digits.chunks(2).map(byte).collect()
}
