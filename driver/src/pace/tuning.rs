//! How hard the drivers of a run work: what somebody has tuned while it goes on wins over their options.

use std::fmt;
use std::time::Duration;

use postgres::Row;
use serde_json::{Map, Value, json};

use super::batch_size::Goal;
use super::options::PaceOptions;

/// None: as the options of each driver say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tuning {
    pub batch_time: Option<Duration>,
    pub nice: Option<f64>,
    pub workers: Option<usize>,
}

impl Tuning {
    pub fn goal(self, options: &PaceOptions) -> Goal {
        self.batch_time.map_or_else(|| options.goal(), Goal::Time)
    }

    pub fn nice(self, options: &PaceOptions) -> f64 {
        self.nice.unwrap_or(options.nice)
    }

    pub fn workers(self, options: &PaceOptions) -> usize {
        self.workers.unwrap_or(options.workers)
    }

    pub fn json(self) -> Map<String, Value> {
        let values = json!({
            "batch_time_seconds": self.batch_time.map(|time| time.as_secs_f64()),
            "nice": self.nice,
            "workers": self.workers,
        });
        values.as_object().cloned().unwrap_or_default()
    }
}

impl From<&Row> for Tuning {
    fn from(row: &Row) -> Self {
        let workers: Option<i32> = row.get("workers");
        Self {
            batch_time: row.get::<_, Option<f64>>("batch_time_seconds").map(Duration::from_secs_f64),
            nice: row.get("nice"),
            workers: workers.and_then(|workers| usize::try_from(workers).ok()),
        }
    }
}

/// `4 workers, batch time 100ms, nice 1`, without what is not tuned.
impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let values = [
            self.workers.map(|workers| format!("{workers} worker{}", if workers == 1 { "" } else { "s" })),
            self.batch_time.map(|time| format!("batch time {}", humantime::format_duration(time))),
            self.nice.map(|nice| format!("nice {nice}")),
        ];
        let values: Vec<String> = values.into_iter().flatten().collect();
        if values.is_empty() {
            f.write_str("as each driver's options say")
        } else {
            f.write_str(&values.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_tuned_is_named() {
        let tuning =
            Tuning { batch_time: Some(Duration::from_millis(100)), nice: Some(0.5), workers: Some(4) };
        assert_eq!(tuning.to_string(), "4 workers, batch time 100ms, nice 0.5");
        assert_eq!(Tuning { nice: None, batch_time: None, workers: Some(1) }.to_string(), "1 worker");
        assert_eq!(Tuning::default().to_string(), "as each driver's options say");
    }
}
