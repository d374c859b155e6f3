//! The evidence that a run left no ticket behind: its ledger without a gap, and each ticket beside its entries.
//!
//! A ticket whose live token is one that the run retired has its old token back, or never lost it. A ticket without an
//! entry was not rotated, unless it came after the sweep, which left none without one. What is known to have been there
//! before the sweep, by the transaction that wrote it, did not.

use std::collections::{HashMap, HashSet};

use pgrx::Spi;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiClient;

use crate::accounting::{Accounting, Due, Reason, Step};
use crate::citus;
use crate::context::Context;
use crate::error::TicketError;
use crate::interval::Interval;
use crate::late::{count, late, take_one};
use crate::older_writers::is_of_this_cluster;
use crate::run::Run;
use crate::target::TargetArgs;
use crate::ticket::Ticket;

/// Keys that are named of the tickets which were not rotated, or have their old token.
const MOST_NAMED: usize = 10;

#[derive(Default)]
pub struct Evidence {
    pub run: i64,
    pub state: String,
    pub started_at: Option<TimestampWithTimeZone>,
    pub finished_at: Option<TimestampWithTimeZone>,
    pub tickets_rotated: i64,
    pub tickets_swept: i64,
    pub gaps: i64,
    /// None once the entries are forgotten.
    pub tickets: Option<Accounted>,
    pub without_token: i64,
    pub duplicate_tokens: i64,
}

#[derive(Default)]
pub struct Accounted {
    pub old_tokens: Named,
    pub not_rotated: Named,
    /// Tickets without an entry that came after the sweep.
    pub created_since: i64,
}

/// How many tickets, and the keys of the first ones.
#[derive(Default)]
pub struct Named {
    pub count: i64,
    pub keys: Vec<String>,
}

impl Named {
    fn add(&mut self, ticket: &Ticket) {
        self.count += 1;
        if self.keys.len() < MOST_NAMED {
            self.keys.push(ticket.key.to_string());
        }
    }
}

impl Accounted {
    /// Of the tickets with an id as many have an entry after all as are left over.
    fn add_without_entry(&mut self, tickets: &[Ticket], late: &[Ticket], mut left_over: HashMap<i64, usize>) {
        let mut left = count(late);
        let (late, early): (Vec<&Ticket>, Vec<&Ticket>) =
            tickets.iter().partition(|ticket| take_one(&mut left, ticket.identity()));
        for ticket in early {
            if !take_one(&mut left_over, ticket.key.id()) {
                self.not_rotated.add(ticket);
            }
        }
        for ticket in late {
            self.created_since += i64::from(!take_one(&mut left_over, ticket.key.id()));
        }
    }
}

impl Evidence {
    /// None where the entries are forgotten.
    pub fn verified(&self) -> Option<bool> {
        let ends_well = self.state == "finished" && self.gaps == 0;
        let Accounted { old_tokens, not_rotated, .. } = self.tickets.as_ref()?;
        Some(ends_well && old_tokens.count == 0 && not_rotated.count == 0)
    }
}

pub fn verify(args: &TargetArgs) -> Result<Evidence, TicketError> {
    Spi::connect_mut(|client| {
        let context = Context::for_reading(client, args)?;
        let run = Run::matching(client, &context)?;
        let (mut evidence, has_entries) = ledger(client, &context, &run)?;
        if has_entries {
            evidence.tickets = Some(account(client, &context, &run)?);
        }
        tokens(client, &context, &mut evidence)?;
        context.confirm(client)?;
        Ok(evidence)
    })
}

fn ledger(client: &mut SpiClient, context: &Context, run: &Run) -> Result<(Evidence, bool), TicketError> {
    let args = [run.id.into(), i64::MIN.into(), run.upper_id.into()];
    let row = context.session.read(client, include_str!("queries/verify_ledger.sql"), &args)?.first();
    let evidence = Evidence {
        run: run.id,
        state: run.state.clone(),
        started_at: row.get_by_name("started_at")?,
        finished_at: row.get_by_name("finished_at")?,
        tickets_rotated: row.get_by_name("rotated")?.unwrap_or(0),
        tickets_swept: row.get_by_name("swept")?.unwrap_or(0),
        gaps: row.get_by_name("gaps")?.unwrap_or(0),
        ..Evidence::default()
    };
    Ok((evidence, row.get_by_name("has_entries")?.unwrap_or(false)))
}

fn account(client: &mut SpiClient, context: &Context, run: &Run) -> Result<Accounted, TicketError> {
    let here = is_of_this_cluster(client, context, run)?;
    let mut accounted = Accounted::default();
    let mut accounting = Accounting::of(Interval { first_id: i64::MIN, last_id: run.upper_id });
    while let Some(step) = step(client, context, run, &mut accounting)? {
        let mut without_entry = Vec::new();
        for Due { ticket, reason } in step.due {
            match reason {
                Reason::OldToken => accounted.old_tokens.add(&ticket),
                _ => without_entry.push(ticket),
            }
        }
        let late = if run.has_been_swept() { late(context, run, here, &without_entry)? } else { Vec::new() };
        accounted.add_without_entry(&without_entry, &late, step.left_over);
    }
    Ok(accounted)
}

/// What is due of a table that Citus keeps may be what a node has not committed yet: it is looked at once more.
fn step(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    accounting: &mut Accounting,
) -> Result<Option<Step>, TicketError> {
    let found = accounting.step(context, run)?;
    let Some(Step { interval, ref due, .. }) = found else { return Ok(None) };
    if due.is_empty() || context.table.columns.citus.is_none() {
        return Ok(found);
    }
    citus::settle(client, context)?;
    let before: HashSet<(i64, i64)> = due.iter().map(|due| due.ticket.identity()).collect();
    let mut settled = Step { interval, entries: 0, due: Vec::new(), left_over: HashMap::new() };
    let mut again = Accounting::of(interval);
    while let Some(step) = again.step(context, run)? {
        settled.due.extend(step.due.into_iter().filter(|due| before.contains(&due.ticket.identity())));
        settled.left_over.extend(step.left_over);
    }
    Ok(Some(settled))
}

fn tokens(client: &mut SpiClient, context: &Context, evidence: &mut Evidence) -> Result<(), TicketError> {
    let columns = &context.table.columns;
    if columns.lacks_token != "false" {
        let sql = "SELECT count(*) FROM @target@ WHERE @lacks_token@";
        evidence.without_token = context.read_all(client, sql)?.first().get_one()?.unwrap_or(0);
    }
    if !columns.is_unique {
        let sql = "SELECT count(@token@) - count(DISTINCT @token@) FROM @target@ WHERE NOT (@lacks_token@)";
        evidence.duplicate_tokens = context.read_all(client, sql)?.first().get_one()?.unwrap_or(0);
    }
    Ok(())
}
