//! Options of the command that steers a run.

use std::time::Duration;

use clap::Args;

use crate::pace::{self, Tuning};

#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct Tune {
    /// How long a batch should take, 10ms to 60s, also in drivers that were started with --batch N
    #[arg(long, value_name = "TIME", value_parser = pace::batch_time)]
    pub batch_time: Option<Duration>,

    /// How many times as long as a batch took a worker rests after it, 0 to 100
    #[arg(long, value_name = "R", value_parser = pace::nice)]
    pub nice: Option<f64>,

    /// Connections of each driver, 1 to 64, but no more than ranges are left
    #[arg(long, value_name = "N", value_parser = pace::workers)]
    pub workers: Option<usize>,

    /// Let each driver do again as its own options say
    #[arg(long, conflicts_with_all = ["batch_time", "nice", "workers"])]
    pub reset: bool,
}

impl Tune {
    pub fn tuning(&self) -> Tuning {
        Tuning { batch_time: self.batch_time, nice: self.nice, workers: self.workers }
    }
}
