//! A rotation shard by shard: each node that Citus has put shards on rotates its own, in transactions of its own.
//!
//! The coordinator knows the run and where the shards are. Whether a batch was committed, how far a shard is and which
//! of its tickets were rotated is in the ledger beside the shard, and moves with it.

mod board;
mod evidence;
mod options;
mod places;
mod plan;
mod ranges;
mod split;
mod target;
mod worker;

use std::collections::BTreeSet;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::connect::Address;
use crate::display::{Display, Event};
use crate::error::Error;
use crate::pace::{BatchSize, PaceOptions};
use crate::progress::{Progress, Snapshot, State, Tracker};
use crate::session::{Link, RepeatFilter, Retrying, Session, StartOptions};
use board::Board;
use plan::Plan;
use target::Distributed;
use worker::{Common, Report, Worker};

pub use evidence::evidence;
pub use options::ShardOptions;

/// How often the places of shards that were missed are asked for.
const ASKED_EVERY: Duration = Duration::from_secs(1);
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// What is to be done.
pub struct Wish<'a> {
    pub new: bool,
    pub start: &'a StartOptions,
    pub pace: PaceOptions,
    pub shards: &'a ShardOptions,
}

pub enum Ended {
    Finished {
        run: i32,
        batches: u64,
    },
    /// Before this driver came.
    Already {
        run: i32,
    },
}

pub struct Rotation<'a> {
    /// To the coordinator.
    link: Link,
    display: &'a mut dyn Display,
    wish: Wish<'a>,
    filter: RepeatFilter,
    tracker: Tracker,
    last: Option<Snapshot>,
    batches: u64,
}

fn refused(what: String, instead: &'static str) -> Error {
    Error::Refused { what, instead }
}

impl<'a> Rotation<'a> {
    pub fn new(link: Link, display: &'a mut dyn Display, wish: Wish<'a>) -> Self {
        let (filter, tracker) = (RepeatFilter::default(), Tracker::new());
        Self { link, display, wish, filter, tracker, last: None, batches: 0 }
    }

    pub fn run(mut self) -> Result<Ended, Error> {
        let (table, mut plan) = self.plan()?;
        if plan.finished {
            self.observe(plan.run, State::Finished, (0, 0));
            self.display.show(Event::AlreadyFinished, self.last.as_ref())?;
            return Ok(Ended::Already { run: plan.run });
        }
        loop {
            let totals = self.rotate_all(&table, &mut plan)?;
            // Or else a shard was split meanwhile.
            if self.persist(|session| plan.finish(session, &table))? {
                self.observe(plan.run, State::Finished, totals);
                break;
            }
        }
        self.display.show(Event::Finished, self.last.as_ref())?;
        Ok(Ended::Finished { run: plan.run, batches: self.batches })
    }

    /// The newest run, or another one. Where the answer to its start was lost, one that is newer than before the first
    /// attempt is the one that was asked for.
    fn plan(&mut self) -> Result<(Distributed, Plan), Error> {
        let (start, new) = (self.wish.start, self.wish.new);
        let mut before = None;
        self.persist(|session| {
            let table = Distributed::of(session)?;
            let newest = Plan::newest(session)?;
            let run = newest.as_ref().map(|plan| plan.run);
            let is_started = *before.get_or_insert(run) != run;
            match newest {
                Some(plan) if is_started || !new => return Ok((table, plan)),
                _ => Plan::start(session, &table, start)?,
            }
            let plan = Plan::newest(session)?.expect("it was planned just now");
            Ok((table, plan))
        })
    }

    /// Returns how many tickets were done, and how many there are.
    fn rotate_all(&mut self, table: &Distributed, plan: &mut Plan) -> Result<(i64, i64), Error> {
        let common = self.common(table, plan)?;
        let nodes = common.board.nodes().len();
        self.display.note(&format!("rotating the shards of {} on {nodes} node(s)", table.name))?;
        self.observe(plan.run, State::Active, (0, 0));
        self.display.show(Event::Started, self.last.as_ref())?;
        let ended = self.rotate(table, plan, &common);
        let totals = common.board.totals();
        self.observe(plan.run, State::Active, totals);
        if let Err(Error::Interrupted(_)) = ended {
            self.display.show(Event::Interrupted, self.last.as_ref())?;
        }
        ended.map(|()| totals)
    }

    fn common(&mut self, table: &Distributed, plan: &mut Plan) -> Result<Arc<Common>, Error> {
        let placed = self.persist(|session| plan.places(session, table))?;
        let (pace, deserted) = (self.wish.pace, Mutex::default());
        Ok(Arc::new(Common { board: Board::new(placed), pace, deserted }))
    }

    /// Until all shards have ended, or nobody works on those that are left.
    fn rotate(&mut self, table: &Distributed, plan: &mut Plan, common: &Arc<Common>) -> Result<(), Error> {
        let (reports, received) = mpsc::channel();
        thread::scope(|scope| {
            let mut crew =
                Crew { reports: Some(reports), hired: BTreeSet::new(), at_work: 0, given_up: None };
            let followed = self.follow(table, plan, common, &mut crew, scope, &received);
            // Nobody takes reports any more: workers that are left end by themselves.
            drop((crew.reports.take(), received));
            followed?;
            match common.board.failure().or(crew.given_up) {
                _ if common.board.has_ended() => Ok(()),
                Some(error) => Err(error),
                None => Err(Error::Shards {
                    what: "not all shards have ended".to_owned(),
                    remedy: "rotate-driver run --shards",
                }),
            }
        })
    }

    fn follow<'scope>(
        &mut self,
        table: &Distributed,
        plan: &mut Plan,
        common: &Arc<Common>,
        crew: &mut Crew,
        scope: &'scope Scope<'scope, '_>,
        received: &Receiver<Report>,
    ) -> Result<(), Error> {
        let (mut asked, mut shown) = (Instant::now(), Instant::now());
        self.hire(common, crew, scope);
        while crew.at_work > 0 {
            match received.recv_timeout(SHOWN_EVERY) {
                Ok(report) => self.hear(report, crew)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if shown.elapsed() >= SHOWN_EVERY {
                self.observe(plan.run, State::Active, common.board.totals());
                self.display.show(Event::Progress, self.last.as_ref())?;
                shown = Instant::now();
            }
            if common.board.has_missed() && asked.elapsed() >= ASKED_EVERY {
                self.look_again(table, plan, common)?;
                self.hire(common, crew, scope);
                asked = Instant::now();
            }
        }
        Ok(())
    }

    fn hear(&mut self, report: Report, crew: &mut Crew) -> Result<(), Error> {
        match report {
            Report::Batch => self.batches += 1,
            Report::Retrying(node, mut retrying) => {
                retrying.reason = format!("node {node}: {}", retrying.reason);
                self.retrying(&retrying)?;
            }
            Report::Ended(ended) => {
                crew.at_work -= 1;
                match ended {
                    Ok(()) => {}
                    Err(error @ Error::Interrupted(_)) => crew.given_up = Some(error),
                    Err(error) => drop(crew.given_up.get_or_insert(error)),
                }
            }
        }
        Ok(())
    }

    /// Where shards that were missed are now. A coordinator that is away is asked again.
    fn look_again(&mut self, table: &Distributed, plan: &mut Plan, common: &Common) -> Result<(), Error> {
        match self.link.attempt(|session| plan.places(session, table)) {
            Ok(placed) => common.board.replace(placed),
            Err(error) if error.retry_on().is_some() => {
                self.retrying(&Retrying::new(&error, ASKED_EVERY, None))?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Workers for nodes that have none yet.
    fn hire<'scope>(&mut self, common: &Arc<Common>, crew: &mut Crew, scope: &'scope Scope<'scope, '_>) {
        let Some(reports) = &crew.reports else { return };
        for node in common.board.nodes() {
            if !crew.hired.insert(node.clone()) {
                continue;
            }
            for _ in 0..common.pace.workers {
                let worker = Worker {
                    link: self.link.to(self.wish.shards.reach(&node)),
                    node: node.clone(),
                    common: Arc::clone(common),
                    reports: reports.clone(),
                    batch: BatchSize::new(common.pace.goal()),
                };
                scope.spawn(move || worker.run());
                crew.at_work += 1;
            }
        }
    }

    fn observe(&mut self, run: i32, state: State, (done, planned): (i64, i64)) {
        let progress = Progress { run_id: i64::from(run), state, done, planned, ..Progress::default() };
        self.last = Some(self.tracker.observe(progress, None));
    }

    fn retrying(&mut self, retrying: &Retrying) -> std::io::Result<()> {
        if self.filter.is_news(retrying) { self.display.retrying(retrying) } else { Ok(()) }
    }

    /// On the coordinator.
    fn persist<T>(&mut self, work: impl FnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let (display, filter) = (&mut *self.display, &mut self.filter);
        let mut tell = |retrying: &Retrying| {
            if filter.is_news(retrying) { display.retrying(retrying) } else { Ok(()) }
        };
        self.link.persist(&mut tell, work)
    }
}

/// The workers.
struct Crew {
    reports: Option<Sender<Report>>,
    hired: BTreeSet<Address>,
    at_work: usize,
    /// Why one has ended with work left.
    given_up: Option<Error>,
}
