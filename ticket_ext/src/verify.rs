//! The evidence that a run left no ticket behind.

use pgrx::Spi;
use pgrx::datum::DatumWithOid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::job::Job;
use crate::run::{Newest, Run};
use crate::start::next_transaction_id;
use crate::statement;
use crate::target::Wanted;

/// Ids that are named of the tickets which were not rotated.
const MOST_NAMED: i64 = 10;

pub struct Evidence {
    pub run: i64,
    pub state: String,
    pub tickets_rotated: i64,
    pub tickets_swept: i64,
    pub gaps: i64,
    /// None after a restore into another cluster, where row versions tell nothing.
    pub not_rotated: Option<i64>,
    pub not_rotated_ids: Option<Vec<i64>>,
    pub written_since: Option<i64>,
    pub created_since: Option<i64>,
    pub without_token: i64,
    pub duplicate_tokens: i64,
}

impl Evidence {
    /// None where the row versions are no evidence.
    pub fn verified(&self) -> Option<bool> {
        self.not_rotated.map(|not_rotated| self.state == "finished" && self.gaps == 0 && not_rotated == 0)
    }
}

pub fn verify(wanted: Wanted) -> Result<Evidence, TicketError> {
    Spi::connect(|client| {
        let job = Job::look(client, wanted)?;
        let Newest { run, state } = Run::require(client, &job.session, &job.target)?;
        let mut evidence = ledger(client, &job, run, state)?;
        if run.made_here {
            versions(client, &job, run, &mut evidence)?;
        }
        tokens(client, &job, &mut evidence)?;
        Ok(evidence)
    })
}

fn ledger(client: &SpiClient, job: &Job, run: Run, state: String) -> Result<Evidence, TicketError> {
    let args = [run.id.into(), i64::MIN.into(), run.upper_id.into()];
    let row = read(client, job, include_str!("queries/verify_ledger.sql"), &args)?;
    Ok(Evidence {
        run: run.id,
        state,
        tickets_rotated: row.get_by_name("rotated")?.unwrap_or(0),
        tickets_swept: row.get_by_name("swept")?.unwrap_or(0),
        gaps: row.get_by_name("gaps")?.unwrap_or(0),
        not_rotated: None,
        not_rotated_ids: None,
        written_since: None,
        created_since: None,
        without_token: 0,
        duplicate_tokens: 0,
    })
}

fn versions(client: &SpiClient, job: &Job, run: Run, evidence: &mut Evidence) -> Result<(), TicketError> {
    let in_flight = include_str!("queries/in_flight.sql");
    let sql = include_str!("queries/verify_versions.sql").replace("@in_flight@", in_flight);
    let next = next_transaction_id();
    let args = [run.upper_id.into(), next.into(), run.horizon.into(), run.id.into(), MOST_NAMED.into()];
    let row = read(client, job, &sql, &args)?;
    evidence.not_rotated = row.get_by_name("not_rotated")?;
    evidence.not_rotated_ids = row.get_by_name("ids")?;
    let row = read(client, job, include_str!("queries/verify_writers.sql"), &[run.id.into()])?;
    (evidence.written_since, evidence.created_since) = row.get_two()?;
    Ok(())
}

fn tokens(client: &SpiClient, job: &Job, evidence: &mut Evidence) -> Result<(), TicketError> {
    let row = read(client, job, include_str!("queries/verify_tokens.sql"), &[])?;
    evidence.without_token = row.get_by_name("without_token")?.unwrap_or(0);
    evidence.duplicate_tokens = row.get_by_name("duplicates")?.unwrap_or(0);
    Ok(())
}

fn read<'conn>(
    client: &SpiClient<'conn>,
    job: &Job,
    text: &str,
    args: &[DatumWithOid],
) -> Result<SpiTupleTable<'conn>, TicketError> {
    Ok(statement::read(client, &job.sql(text), args)?.first())
}
