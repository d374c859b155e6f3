//! How far a replica may be behind: a time or an amount of WAL.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    Time(Duration),
    Bytes(i64),
}

/// PostgreSQL's units, largest first.
const UNITS: [(&str, i64); 5] =
    [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];

/// Less than the time between two observations cannot be told.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(24);

impl Lag {
    pub fn time(self) -> Option<Duration> {
        if let Self::Time(time) = self { Some(time) } else { None }
    }

    pub fn bytes(self) -> Option<i64> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

impl FromStr for Lag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        if unit.is_empty() {
            return Err("it needs a unit, as in 10s or 64MB".into());
        }
        let named = |(name, _): &&(&str, i64)| name.eq_ignore_ascii_case(unit.trim());
        match UNITS.iter().find(named) {
            Some((_, size)) => bytes(number, *size).map(Lag::Bytes),
            None => time(text).map(Lag::Time),
        }
    }
}

fn bytes(number: &str, size: i64) -> Result<i64, String> {
    let bytes = number.parse().ok().and_then(|number: i64| number.checked_mul(size));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "it is not an amount of WAL, as 64MB is".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let time =
        duration::parse(text).map_err(|error| format!("neither a time as 10s nor bytes as 64MB: {error}"))?;
    (SHORTEST..=LONGEST)
        .contains(&time)
        .then_some(time)
        .ok_or_else(|| "it is not between 1s and 1d".to_owned())
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "{}", humantime::format_duration(*time)),
            Self::Bytes(bytes) => {
                let whole = UNITS.iter().find(|(_, size)| bytes % size == 0);
                let (name, size) = whole.expect("one is a unit");
                write!(f, "{}{name}", bytes / size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_time_or_bytes_and_reads_back_as_it_was_given() {
        for text in ["1s", "10s", "1m 30s", "1day", "1B", "64kB", "64MB", "3GB", "1TB", "1025B"] {
            assert_eq!(text.parse::<Lag>().unwrap().to_string(), text);
        }
        let same =
            [("90s", "1m 30s"), ("64mb", "64MB"), ("2048MB", "2GB"), ("64 MB", "64MB"), ("5min", "5m")];
        for (given, shown) in same {
            assert_eq!(given.parse::<Lag>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_lag_without_a_unit_or_sense_is_refused() {
        for text in ["", "10", "s", "MB", "0s", "999ms", "25h", "10M", "0MB", "-1MB", "64XB", "9999999TB"] {
            assert!(text.parse::<Lag>().is_err(), "{text}");
        }
    }
}
