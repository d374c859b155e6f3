//! New tokens of a batch, as the column takes them.

use pgrx::datum::{DatumWithOid, Uuid};
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::digest::digest;
use crate::entries::Fresh;
use crate::error::TicketError;
use crate::format::Making;
use crate::token;
use crate::token_type::TokenKind;

pub enum Tokens {
    Uuids(Vec<Uuid>),
    Texts(Vec<String>),
    Bytes(Vec<Vec<u8>>),
}

impl Tokens {
    pub fn make(
        client: &mut SpiClient,
        context: &Context,
        making: &Making,
        tickets: usize,
    ) -> Result<Self, TicketError> {
        let mut source = making.source(client, context, tickets as i64)?;
        Ok(match context.table.columns.type_of_token.kind {
            TokenKind::Uuid => {
                Self::Uuids((0..tickets).map(|_| source.uuid().map(token::uuid)).collect::<Result<_, _>>()?)
            }
            TokenKind::Text => Self::Texts((0..tickets).map(|_| source.text()).collect::<Result<_, _>>()?),
            TokenKind::Bytes => Self::Bytes((0..tickets).map(|_| source.bytes()).collect::<Result<_, _>>()?),
        })
    }

    pub fn fresh(&self) -> Vec<Fresh> {
        match self {
            Self::Uuids(tokens) => tokens.iter().map(|token| Fresh::Uuid(*token.as_bytes())).collect(),
            Self::Texts(tokens) => {
                tokens.iter().map(|token| Fresh::Digest(digest(token.as_bytes()))).collect()
            }
            Self::Bytes(tokens) => tokens.iter().map(|token| Fresh::Digest(digest(token))).collect(),
        }
    }

    pub fn argument(self) -> DatumWithOid<'static> {
        match self {
            Self::Uuids(tokens) => tokens.into(),
            Self::Texts(tokens) => tokens.into(),
            Self::Bytes(tokens) => tokens.into(),
        }
    }
}
