//! The characters that a field of a template draws from.

use crate::error::TicketError;
use crate::token::random;

#[derive(Debug, PartialEq, Eq)]
pub struct Alphabet {
    pub name: &'static str,
    pub characters: &'static [u8],
}

/// Of those that hold the characters of a token, the first one is what it looks like. `base58` is Bitcoin's and Rails',
/// `base32` that of RFC 4648.
pub static ALPHABETS: [Alphabet; 9] = [
    Alphabet { name: "digits", characters: b"0123456789" },
    Alphabet { name: "hex", characters: b"0123456789abcdef" },
    Alphabet { name: "HEX", characters: b"0123456789ABCDEF" },
    Alphabet { name: "base32", characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
    Alphabet { name: "base36", characters: b"0123456789abcdefghijklmnopqrstuvwxyz" },
    Alphabet { name: "base58", characters: b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" },
    Alphabet {
        name: "base62",
        characters: b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    },
    Alphabet {
        name: "base64url",
        characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    },
    Alphabet {
        name: "base64",
        characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    },
];

impl Alphabet {
    pub fn named(name: &str) -> Option<&'static Self> {
        ALPHABETS.iter().find(|alphabet| alphabet.name == name)
    }

    /// The first one that holds all of these characters.
    pub fn of(characters: impl Iterator<Item = u8> + Clone) -> Option<&'static Self> {
        ALPHABETS.iter().find(|alphabet| characters.clone().all(|one| alphabet.characters.contains(&one)))
    }

    /// Each character is as likely as any other: a byte that would favour some is drawn again (rejection sampling).
    pub fn draw(&self, count: usize, token: &mut String) -> Result<(), TicketError> {
        let size = self.characters.len();
        let fair = 256 - 256 % size;
        let mut left = count;
        while left > 0 {
            for byte in random::<16>()? {
                if left > 0 && usize::from(byte) < fair {
                    token.push(char::from(self.characters[usize::from(byte) % size]));
                    left -= 1;
                }
            }
        }
        Ok(())
    }

    /// How many characters there are to choose from, where case counts or not.
    pub fn choices(&self, folds_case: bool) -> usize {
        let folded = |one: &u8| if folds_case { one.to_ascii_lowercase() } else { *one };
        self.characters.iter().map(folded).collect::<std::collections::BTreeSet<u8>>().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_distinct_and_as_many_as_the_name_says() {
        let sizes = ALPHABETS.iter().map(|alphabet| (alphabet.characters.len(), alphabet.choices(false)));
        let expected = [10, 16, 16, 32, 36, 58, 62, 64, 64].map(|size| (size, size));
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn case_may_not_count() {
        assert_eq!(
            ALPHABETS.iter().map(|alphabet| alphabet.choices(true)).collect::<Vec<_>>(),
            [10, 16, 16, 32, 36, 35, 36, 38, 38]
        );
    }
}
