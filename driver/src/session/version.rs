//! Versions of driver and database. Those that differ in their last number work together.

use std::cmp::Ordering;

use super::edition::Kind;
use crate::error::{EditionError, Update};

const OWN: &str = env!("CARGO_PKG_VERSION");

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    /// None: no version of this product.
    numbers: Option<[u32; 3]>,
}

impl Version {
    pub fn read(text: &str) -> Self {
        let mut numbers = text.split('.').map(|part| part.parse().ok());
        let mut next = || numbers.next().flatten();
        let three = next().zip(next()).zip(next()).map(|((major, minor), patch)| [major, minor, patch]);
        Self { text: text.to_owned(), numbers: three.filter(|_| text.split('.').count() == 3) }
    }

    pub fn own() -> Self {
        Self::read(OWN)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it stands to the other one. What is no version comes from a later release.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.numbers, other.numbers) {
            (Some(own), Some(other)) => own.cmp(&other),
            (None, None) => self.text.cmp(&other.text),
            (own, _) => {
                if own.is_none() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        }
    }

    /// Of an installation: whether this driver can work with it, and if not, what is to be updated.
    pub fn expect_ours(&self, kind: Kind) -> Result<(), EditionError> {
        let own = Self::own();
        if self.release() == own.release() {
            return Ok(());
        }
        let update = match (self.compare(&own), kind) {
            (Ordering::Greater, _) => Update::Driver,
            (_, Kind::Extension) => Update::Extension,
            (_, Kind::Plain) => Update::Plain,
        };
        Err(self.refused(update))
    }

    pub fn refused(&self, update: Update) -> EditionError {
        EditionError::Version { installed: self.text.clone(), own: OWN, update }
    }

    fn release(&self) -> Option<[u32; 2]> {
        self.numbers.map(|[major, minor, _]| [major, minor])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(installed: &str, kind: Kind) -> Option<Update> {
        match Version::read(installed).expect_ours(kind) {
            Err(EditionError::Version { update, .. }) => Some(update),
            _ => None,
        }
    }

    #[test]
    fn versions_that_differ_in_their_last_number_work_together() {
        let [major, minor] = Version::own().release().expect("three numbers");
        assert_eq!(update(&format!("{major}.{minor}.99"), Kind::Extension), None);
        assert_eq!(update(&format!("{major}.{minor}.0"), Kind::Plain), None);
    }

    #[test]
    fn the_older_side_is_the_one_to_update() {
        for (installed, kind, expected) in [
            ("99.0.0", Kind::Extension, Update::Driver),
            ("99.0.0", Kind::Plain, Update::Driver),
            ("0.0.9", Kind::Extension, Update::Extension),
            ("0.0.9", Kind::Plain, Update::Plain),
        ] {
            assert_eq!(update(installed, kind), Some(expected), "{installed}");
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_what_is_none_is_newer() {
        let compare = |one: &str, other: &str| Version::read(one).compare(&Version::read(other));
        assert_eq!(compare("0.10.0", "0.9.9"), Ordering::Greater);
        assert_eq!(compare("1.0.0", "1.0.0"), Ordering::Equal);
        for odd in ["", "1.0", "1.0.0.0", "1.0.x", "one"] {
            assert_eq!(update(odd, Kind::Plain), Some(Update::Driver), "{odd}");
        }
    }
}
