//! Why a list cannot be read, as `Error` says it once the list's name is known. It quotes nothing of the list.

use std::io;

use crate::error::Error;

#[derive(Debug)]
pub enum Flaw {
    Unreadable(io::Error),
    Line(u64, String),
    Column(String),
    Empty,
}

impl Flaw {
    pub fn of(self, place: &str) -> Error {
        let place = place.to_owned();
        match self {
            Self::Unreadable(reason) => Error::LeakedUnreadable { place, reason: reason.to_string() },
            Self::Line(line, reason) => Error::LeakedLine { place, line, reason },
            Self::Column(reason) => Error::LeakedColumn { place, reason },
            Self::Empty => Error::LeakedEmpty(place),
        }
    }
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}
