//! The bar on a terminal.

use super::{Display, Event};
use crate::error::Error;
use crate::progress::Snapshot;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::time::Duration;

const TEMPLATE: &str = "[{elapsed_precise}] {wide_bar:.green} {msg}";

pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Bar {
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid");
        let bar = ProgressBar::no_length().with_style(style);
        // The clock goes on while a batch waits for a lock.
        bar.enable_steady_tick(Duration::from_secs(1));
        Bar(bar)
    }
}

impl Bar {
    /// The bar stays where it stands, and what follows begins on a line of its own.
    fn leave(&self) -> io::Result<()> {
        self.0.abandon();
        if self.0.is_hidden() {
            return Ok(());
        }
        writeln!(io::stderr())
    }
}

impl Display for Bar {
    fn show(&mut self, event: Event, snapshot: &Snapshot) -> io::Result<()> {
        let progress = &snapshot.progress;
        self.0.set_length(progress.planned.max(0) as u64);
        self.0
            .set_position(progress.done.clamp(0, progress.planned.max(0)) as u64);
        self.0.set_message(message(snapshot));
        match event {
            Event::Started | Event::Progress => Ok(()),
            _ => self.leave(),
        }
    }

    fn failed(&mut self, _error: &Error) -> io::Result<()> {
        self.leave()
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
    format!(
        "{:.2} % | {done} of {planned} | {rate} | {remaining} left",
        progress.percent()
    )
}
