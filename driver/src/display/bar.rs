//! The bar on a terminal.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use super::{Display, Event};
use crate::console;
use crate::error::Error;
use crate::progress::Snapshot;
use crate::session::Retrying;

const TEMPLATE: &str = "[{elapsed_precise}] {wide_bar:.green} {msg}";

pub struct Bar(ProgressBar);

impl Bar {
    /// None: standard error is no terminal, or one that says by TERM that it cannot draw.
    pub fn new() -> Option<Self> {
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid");
        let bar = ProgressBar::no_length().with_style(style);
        (!bar.is_hidden()).then_some(Self(bar))
    }

    fn is_shown(&self) -> bool {
        self.0.length().is_some()
    }

    /// The bar stays where it stands, and what follows begins on a line of its own.
    fn leave(&self) {
        if self.is_shown() {
            self.0.abandon();
            let _ = writeln!(io::stderr());
        }
    }
}

impl Display for Bar {
    fn show(&mut self, event: Event, snapshot: Option<&Snapshot>) -> io::Result<()> {
        let Some(snapshot) = snapshot else {
            return Ok(());
        };
        let progress = &snapshot.progress;
        self.0.set_length(progress.planned.max(0) as u64);
        self.0.set_position(progress.done.clamp(0, progress.planned.max(0)) as u64);
        self.0.set_message(message(snapshot));
        match event {
            // The clock goes on while a batch waits for a lock.
            Event::Started => self.0.enable_steady_tick(Duration::from_secs(1)),
            Event::Progress | Event::Throttled => {}
            _ => self.leave(),
        }
        Ok(())
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        if self.is_shown() {
            self.0.println(format!("rotate-driver: {text}"));
        } else {
            console::note(text);
        }
        Ok(())
    }

    fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        self.note(&retrying.to_string())?;
        self.0.set_message("waiting to try again");
        Ok(())
    }

    fn failed(&mut self, _error: &Error) -> io::Result<()> {
        self.leave();
        Ok(())
    }
}

fn message(snapshot: &Snapshot) -> String {
    let progress = &snapshot.progress;
    let count = |number: i64| HumanCount(number.max(0) as u64);
    let rate = match snapshot.tickets_per_second {
        Some(rate) => format!("{}/s", HumanCount(rate as u64)),
        None => "-/s".to_owned(),
    };
    let remaining = match snapshot.remaining {
        Some(time) => HumanDuration(time).to_string(),
        None => "-".to_owned(),
    };
    let (done, planned) = (count(progress.done), count(progress.planned));
    let pace = match &snapshot.throttle {
        Some(reason) => format!("waits: {reason}"),
        None if progress.is_sweeping() => "sweeping".to_owned(),
        None => format!("{rate} | {remaining} left"),
    };
    format!("{:.2} % | {done} of {planned} | {pace}", progress.percent())
}
