//! The hexadecimal digits that the new UUIDs of a batch have in common, their first ones.
//!
//! Random tokens fall on all pages of an index, so that each of them is brought into the processor's cache, written to
//! the log anew after each checkpoint, and where the index is larger than `shared_buffers` read again, for one token.
//! Tokens with a common lead fall on a few pages. The next batch has another lead. All leads are equally likely; as a
//! run has no more of them than batches, some have several batches and some have none.

use crate::error::TicketError;
use crate::token;

/// So many of a table's tokens at least would have the same lead if all leads were used, on some 15 pages of the index.
/// A digit less (8192) takes 5 % more processor time for 1 million tickets, 10 % for 10 million.
const LEAST_TOKENS: i64 = 2048;

/// Of 30 that are random. 106 bits of each token are its own at least.
const MOST_DIGITS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    digits: u32,
    value: u16,
}

impl Lead {
    pub const NONE: Self = Self { digits: 0, value: 0 };

    /// For a batch of a table with so many tickets.
    pub fn draw(tickets: i64) -> Result<Self, TicketError> {
        Ok(Self { digits: digits(tickets), value: u16::from_be_bytes(token::random()?) })
    }

    /// A version 4 UUID that begins with it.
    pub fn uuid(self) -> Result<uuid::Uuid, TicketError> {
        let mut bytes: [u8; 16] = token::random()?;
        let own = u16::MAX.checked_shr(4 * self.digits).unwrap_or(0);
        let first = u16::from_be_bytes([bytes[0], bytes[1]]) & own | self.value & !own;
        bytes[..2].copy_from_slice(&first.to_be_bytes());
        Ok(token::version_4(bytes))
    }
}

fn digits(tickets: i64) -> u32 {
    (tickets / LEAST_TOKENS).max(1).ilog(16).min(MOST_DIGITS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn large_tables_have_more_digits() {
        let expected =
            [(0, 0), (32_767, 0), (32_768, 1), (524_288, 2), (8_388_608, 3), (134_217_728, 4), (i64::MAX, 4)];
        assert_eq!(expected.map(|(tickets, _)| (tickets, digits(tickets))), expected);
    }

    #[test]
    fn each_batch_draws_another_one() {
        let leads: HashSet<u16> = (0..100).map(|_| Lead::draw(i64::MAX).unwrap().value).collect();
        assert!(leads.len() > 50, "{leads:?}");
    }

    #[test]
    fn all_but_the_lead_is_each_tokens_own() {
        for digits in 0..=4 {
            let lead = Lead { digits, value: 0x9e37 };
            let tokens: Vec<String> = (0..200).map(|_| lead.uuid().unwrap().simple().to_string()).collect();
            for place in 0..32 {
                let here: HashSet<char> =
                    tokens.iter().filter_map(|token| token.chars().nth(place)).collect();
                let expected = match place {
                    _ if place < digits as usize => 1..=1,
                    12 => 1..=1,
                    16 => 4..=4,
                    _ => 10..=16,
                };
                assert!(expected.contains(&here.len()), "{digits} digits, place {place}: {here:?}");
            }
            assert!(tokens.iter().all(|token| token.starts_with(&"9e37"[..digits as usize])));
        }
    }
}
