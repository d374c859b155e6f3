//! The functions that say whose tokens leaked.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::target::TargetArgs;
use crate::trace::{Traced, trace};
use crate::trace_token::trace_token;
use crate::types::{Name, RegClass, Text};

/// A run whose entries are forgotten is a row without a digest.
#[pg_extern(stable, parallel_unsafe)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the result from the signature itself")]
fn trace_ticket_digests(
    digests: Option<pgrx::Array<i64>>,
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(digest, Option<i64>),
            name!(run_id, i64),
            name!(key, Option<String>),
            name!(retired_at, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let digests = digests.iter().flat_map(|digests| digests.iter().flatten()).collect();
    let traced = trace(&digests, &TargetArgs::new(target, token_column))?;
    Ok(TableIterator::new(traced.into_iter().map(|traced| match traced {
        Traced::Retired { digest, run, key, at, .. } => (Some(digest), run, Some(key), at),
        Traced::Forgotten { run } => (None, run, None, None),
    })))
}

type State = &'static str;

#[pg_extern(stable, parallel_unsafe)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the result from the signature itself")]
fn trace_ticket_token(
    token: Option<Text>,
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(state, State),
            name!(key, Option<String>),
            name!(run_id, Option<i64>),
            name!(retired_at, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let found =
        token.map(|token| trace_token(&token.words(), &TargetArgs::new(target, token_column))).transpose()?;
    let (live, traced) = found.map_or_else(Default::default, |found| (found.live, found.traced));
    let mut rows: Vec<_> = live.into_iter().map(|key| ("live", Some(key), None, None)).collect();
    rows.extend(traced.into_iter().map(|traced| match traced {
        Traced::Retired { run, key, at, .. } => ("retired", Some(key), Some(run), at),
        Traced::Forgotten { run } => ("forgotten", None, Some(run), None),
    }));
    if rows.iter().all(|(state, ..)| *state == "forgotten") {
        rows.push(("unknown", None, None, None));
    }
    Ok(TableIterator::new(rows))
}
