//! VACUUM while a run goes on: after which part of the tickets, and when that is.

mod pacing;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use pacing::Pacing;

pub const DEFAULT_VACUUM_EVERY: &str = "10%";

/// The part of the planned tickets after which VACUUM is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VacuumEvery {
    Off,
    Percent(u8),
}

impl fmt::Display for VacuumEvery {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// What the workers of a driver share of VACUUM.
pub struct Vacuums {
    pub statement: String,
    pacing: Mutex<Pacing>,
}

impl Vacuums {
    pub fn new(statement: String, pacing: Pacing) -> Self {
        Self { statement, pacing: Mutex::new(pacing) }
    }

    pub fn pacing(&self) -> MutexGuard<'_, Pacing> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn vacuum_every(text: &str) -> Result<VacuumEvery, String> {
    if text == "off" {
        return Ok(VacuumEvery::Off);
    }
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let percent = number.filter(|percent| (1..=100).contains(percent));
    percent.map(VacuumEvery::Percent).ok_or_else(|| "it is neither off nor a whole 1% to 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_a_whole_percentage_or_off() {
        assert_eq!(["off", "1%", "100%", "10"].map(|text| vacuum_every(text).is_ok()), [true; 4]);
        let wrong = ["", "%", "0%", "101%", "-1%", "2.5%", "on"];
        assert_eq!(wrong.map(|text| vacuum_every(text).is_ok()), [false; 7]);
    }
}
