//! Versions of driver and database. Those that are at most one minor version apart work together.

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
        self.update_for(&Self::own(), kind).map_or(Ok(()), |update| Err(self.refused(update)))
    }

    fn update_for(&self, driver: &Self, kind: Kind) -> Option<Update> {
        if self.is_near(driver) {
            return None;
        }
        Some(match (self.compare(driver), kind) {
            (Ordering::Greater, _) => Update::Driver,
            (_, Kind::Extension) => Update::Extension,
            (_, Kind::Plain) => Update::Plain,
        })
    }

    pub fn refused(&self, update: Update) -> EditionError {
        EditionError::Version { installed: self.text.clone(), own: OWN, update }
    }

    /// Servers and clients are not updated in the same minute: what a driver calls stays for one minor version.
    fn is_near(&self, other: &Self) -> bool {
        match (self.numbers, other.numbers) {
            (Some([major, minor, _]), Some([other_major, other_minor, _])) => {
                major == other_major && minor.abs_diff(other_minor) <= 1
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of an installation beside a driver of 1.4.0.
    fn update(installed: &str, kind: Kind) -> Option<Update> {
        Version::read(installed).update_for(&Version::read("1.4.0"), kind)
    }

    #[test]
    fn versions_that_are_one_minor_version_apart_work_together() {
        for near in ["1.3.0", "1.3.9", "1.4.0", "1.4.7", "1.5.0"] {
            assert_eq!(update(near, Kind::Extension), None, "{near}");
        }
    }

    #[test]
    fn the_older_side_is_the_one_to_update() {
        for (installed, kind, expected) in [
            ("1.6.0", Kind::Extension, Update::Driver),
            ("2.4.0", Kind::Plain, Update::Driver),
            ("1.2.9", Kind::Extension, Update::Extension),
            ("0.4.0", Kind::Plain, Update::Plain),
        ] {
            assert_eq!(update(installed, kind), Some(expected), "{installed}");
        }
    }

    #[test]
    fn an_older_installation_is_told_how_to_be_updated() {
        let hint = |update| Version::read("1.2.9").refused(update).hint().to_owned();
        assert!(hint(Update::Extension).ends_with("ALTER EXTENSION ticket_ext UPDATE;"));
        assert!(hint(Update::Plain).ends_with("as its owner: rotate-driver setup"));
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
