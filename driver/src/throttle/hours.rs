//! `--between`: the hours of the day in which batches may run.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use postgres::types::Type;

use super::Throttle;
use crate::error::Error;
use crate::session::Session;

/// Minutes of the day, the first within and the last without; past midnight where the last is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    from: i32,
    until: i32,
}

pub struct Hours {
    between: Between,
    /// As libpq does, but without a session state that a pooler may lose.
    time_zone: Option<String>,
}

impl Hours {
    pub fn new(between: Between) -> Self {
        let time_zone = std::env::var("PGTZ").ok().filter(|zone| !zone.is_empty());
        Self { between, time_zone }
    }
}

impl Throttle for Hours {
    fn name(&self) -> &'static str {
        "the server's clock"
    }

    fn hint(&self, _: &Error) -> Option<&'static str> {
        Some("PGTZ is a name of pg_timezone_names; without it the session's TimeZone counts.")
    }

    fn read(&mut self, session: &mut Session, _: Instant) -> Result<Option<String>, Error> {
        let sql = include_str!("../sql/throttle_clock.sql");
        let minute = session.row(sql, &[(&self.time_zone, Type::TEXT)])?.get("minute");
        Ok((!self.between.contains(minute)).then(|| format!("until {}", Clock(self.between.from))))
    }
}

impl Between {
    fn contains(self, minute: i32) -> bool {
        let Self { from, until } = self;
        if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }
}

impl FromStr for Between {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ends = text.split_once('-').and_then(|(from, until)| Some((clock(from)?, clock(until)?)));
        match ends.ok_or("it is not of the form 22:00-06:00")? {
            (from, until) if from == until => Err("it begins and ends at the same time".into()),
            (from, until) => Ok(Self { from, until }),
        }
    }
}

/// 24:00 is where a day ends and the next one begins.
fn clock(text: &str) -> Option<i32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() <= 2 && !text.starts_with('+'));
    match (number(hour)?, number(minute)?) {
        (24, 0) => Some(0),
        (hour @ 0..24, minute @ 0..60) => Some(i32::from(hour) * 60 + i32::from(minute)),
        _ => None,
    }
}

struct Clock(i32);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(hours: &str, clocks: &[&str]) -> Vec<bool> {
        let between: Between = hours.parse().unwrap();
        clocks.iter().map(|time| between.contains(clock(time).unwrap())).collect()
    }

    #[test]
    fn the_first_minute_is_within_and_the_last_without() {
        assert_eq!(within("09:00-17:30", &["08:59", "09:00", "17:29", "17:30"]), [false, true, true, false]);
    }

    #[test]
    fn hours_may_go_past_midnight() {
        let clocks = ["21:59", "22:00", "23:59", "00:00", "05:59", "06:00", "12:00"];
        assert_eq!(within("22:00-06:00", &clocks), [false, true, true, true, true, false, false]);
        assert_eq!(within("22:00-24:00", &clocks), [false, true, true, false, false, false, false]);
    }

    #[test]
    fn malformed_hours_are_refused() {
        for text in
            ["", "22-6", "22:00", "22:00-", "25:00-06:00", "24:01-06:00", "22:60-06:00", "+1:00-02:00"]
        {
            assert!(text.parse::<Between>().is_err(), "{text}");
        }
        for text in ["06:00-06:00", "00:00-24:00"] {
            assert!(text.parse::<Between>().unwrap_err().contains("same time"), "{text}");
        }
    }
}
