//! Where progress becomes visible: a bar, plain lines, or JSON lines.

mod bar;
mod json;
mod plain;

use crate::cli::ProgressStyle;
use crate::console;
use crate::error::Error;
use crate::passing::Remedy;
use crate::tracker::Snapshot;
use crate::tuning::Tuning;
use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Started,
    Progress,
    /// Progress of a run that waits.
    Throttled,
    Finished,
    Interrupted,
    Paused,
    Cancelled,
}

/// A failure that may pass, and what is done about it.
#[derive(Clone, Debug)]
pub struct Retrying {
    pub reason: String,
    pub sqlstate: Option<String>,
    pub wait: Duration,
    /// The size of the next batch, if the failure changed it.
    pub batch: Option<i32>,
    /// Whether a connection was lost.
    pub lost: bool,
}

impl Retrying {
    pub fn new(error: &Error, wait: Duration, batch: Option<i32>) -> Retrying {
        let sqlstate = error.code().map(|code| code.code().to_owned());
        let lost = error.remedy() == Some(Remedy::NewConnection);
        Retrying { reason: error.to_string(), sqlstate, wait, batch, lost }
    }
}

/// Tells news from what was said a moment ago, by this connection or by another.
#[derive(Default)]
pub struct Told(Option<(String, Instant)>);

impl Told {
    /// A reason that stays the same is repeated this often.
    const REPEAT: Duration = Duration::from_secs(5);

    pub fn is_news(&mut self, retrying: &Retrying) -> bool {
        let repeated =
            |(reason, at): &(String, Instant)| *reason == retrying.reason && at.elapsed() < Self::REPEAT;
        if self.0.as_ref().is_some_and(repeated) {
            return false;
        }
        self.0 = Some((retrying.reason.clone(), Instant::now()));
        true
    }
}

impl fmt::Display for Retrying {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}; trying again in {:.1} s", self.reason, self.wait.as_secs_f64())?;
        self.batch.map_or(Ok(()), |batch| write!(f, " with a batch of {batch}"))
    }
}

pub trait Display {
    /// There is no snapshot of a run that never began.
    fn show(&mut self, event: Event, snapshot: Option<&Snapshot>) -> io::Result<()>;

    fn note(&mut self, text: &str) -> io::Result<()> {
        console::note(text);
        Ok(())
    }

    fn tuned(&mut self, tuning: Tuning) -> io::Result<()> {
        self.note(&format!("tuned: {tuning}"))
    }

    fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        self.note(&retrying.to_string())
    }

    /// The words are main's; this is for readers of the stream.
    fn failed(&mut self, _error: &Error) -> io::Result<()> {
        Ok(())
    }
}

pub fn choose(style: ProgressStyle, interval: Duration) -> Box<dyn Display> {
    let terminal = || io::stdout().is_terminal() && io::stderr().is_terminal();
    match style {
        ProgressStyle::Bar => Box::new(bar::Bar::new()),
        ProgressStyle::Auto if terminal() => Box::new(bar::Bar::new()),
        ProgressStyle::Auto | ProgressStyle::Plain => Box::new(plain::Plain::new(interval)),
        ProgressStyle::Json => Box::new(json::Json::new(interval)),
    }
}

/// Lets one progress line through per interval, and the first one of a wait or after it; every other event always
/// passes.
struct Pace {
    interval: Duration,
    last: Option<Instant>,
    waiting: bool,
}

impl Pace {
    fn new(interval: Duration) -> Pace {
        Pace { interval, last: None, waiting: false }
    }

    fn lets_through(&mut self, event: Event) -> bool {
        let waiting = event == Event::Throttled;
        let more_of_it = waiting == self.waiting && (waiting || event == Event::Progress);
        if more_of_it && self.last.is_some_and(|last| last.elapsed() < self.interval) {
            return false;
        }
        self.waiting = waiting;
        self.last = Some(Instant::now());
        true
    }
}
