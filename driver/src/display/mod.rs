//! Where progress becomes visible: a bar, plain lines, or JSON lines.

mod bar;
mod dry_run;
mod json;
mod plain;

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::console;
use crate::error::Error;
use crate::pace::Tuning;
use crate::progress::Snapshot;
use crate::repeat::Repeat;
use crate::session::{DryRun, Place, Retrying};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Started,
    Progress,
    /// Progress of a run that waits.
    Throttled,
    Finished,
    /// A run that was finished before: nothing was rotated.
    AlreadyFinished,
    Interrupted,
    Paused,
    Cancelled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// Plain lines where none can be drawn
    Bar,
    Plain,
    /// One JSON object a line
    Json,
}

pub trait Display {
    /// There is no snapshot of a run that never began.
    fn show(&mut self, event: Event, snapshot: Option<&Snapshot>) -> io::Result<()>;

    fn note(&mut self, text: &str) -> io::Result<()> {
        console::note(text);
        Ok(())
    }

    /// What comes first.
    fn place(&mut self, place: &Place, snapshot: &Snapshot) -> io::Result<()> {
        self.note(&place.text(snapshot.progress.planned))
    }

    fn dry_run(&mut self, dry_run: &DryRun) -> io::Result<()> {
        dry_run::lines(dry_run).iter().try_for_each(|line| self.note(line))
    }

    fn warn(&mut self, _kind: &str, text: &str) -> io::Result<()> {
        self.note(&format!("warning: {text}"))
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
    let bar = match style {
        ProgressStyle::Json => return Box::new(json::Json::new(interval)),
        ProgressStyle::Auto if io::stdout().is_terminal() => bar::Bar::new(),
        ProgressStyle::Bar => bar::Bar::new(),
        ProgressStyle::Auto | ProgressStyle::Plain => None,
    };
    match bar {
        Some(bar) => Box::new(bar),
        None => Box::new(plain::Plain::new(interval)),
    }
}

/// Lets one progress line through per interval, and the first one of a wait or after it; every other event always
/// passes.
struct LineInterval(Repeat<bool>);

impl LineInterval {
    fn new(interval: Duration) -> Self {
        Self(Repeat::new(interval))
    }

    fn lets_through(&mut self, event: Event) -> bool {
        let (now, waiting) = (Instant::now(), event == Event::Throttled);
        let passes = !matches!(event, Event::Progress | Event::Throttled) || self.0.is_due(&waiting, now);
        if passes {
            self.0.said(waiting, now);
        }
        passes
    }
}
