//! Tickets that have an id in common: which of them have an entry.
//!
//! An entry does not name its ticket. But where ids repeat the ledger also keeps a digest of each token that it made. A
//! ticket that has one of those has that entry, and one that has a token which an entry retired got it back. Of the
//! others the application has changed the tokens, or they came up behind the batches. As long as entries are left over,
//! it was the application, as with an id that is unique; if there are fewer than such tickets, some have none, and all
//! of them are due: the run has made none of their tokens, and none may keep an old one.

use std::collections::{HashMap, HashSet};

use crate::ticket::Ticket;

/// Digests of an entry.
#[derive(Clone, Copy)]
pub struct Kept {
    pub retired: Option<i64>,
    /// None where ids do not repeat.
    pub made: Option<i64>,
}

/// The tickets that may have no entry, more than there are entries left over.
pub struct Unknown {
    pub tickets: Vec<Ticket>,
    pub left_over: usize,
}

/// `live` are all tickets of the id as they are, and `entries` all of its entries.
pub fn unknown(live: &[Ticket], entries: &[Kept]) -> Option<Unknown> {
    let tokens: HashSet<i64> = live.iter().map(|ticket| ticket.digest).collect();
    let known: HashSet<i64> =
        entries.iter().flat_map(|entry| [entry.made, entry.retired]).flatten().collect();
    let unknown = live.iter().filter(|ticket| !known.contains(&ticket.digest));
    let tickets: Vec<Ticket> = unknown.copied().collect();
    let left_over = left_over(&tokens, entries);
    (tickets.len() > left_over).then_some(Unknown { tickets, left_over })
}

/// Entries whose tickets are not among the live tokens. One that got its old token back has another entry for it.
fn left_over(live: &HashSet<i64>, entries: &[Kept]) -> usize {
    let mut without_token = 0;
    let mut seen: HashMap<i64, bool> = HashMap::new();
    for entry in entries {
        match entry.retired {
            Some(retired) => *seen.entry(retired).or_default() |= entry.is_of(live),
            None => without_token += usize::from(!entry.is_of(live)),
        }
    }
    without_token + seen.values().filter(|&&seen| !seen).count()
}

impl Kept {
    fn is_of(&self, tokens: &HashSet<i64>) -> bool {
        [self.made, self.retired].into_iter().flatten().any(|digest| tokens.contains(&digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn due(live: &[i64], entries: &[(i64, i64)]) -> Vec<i64> {
        let live: Vec<Ticket> = live.iter().map(|&digest| Ticket { key: Key::Number(1), digest }).collect();
        let kept = |&(retired, made)| Kept { retired: Some(retired), made: Some(made) };
        let entries: Vec<Kept> = entries.iter().map(kept).collect();
        unknown(&live, &entries)
            .map_or(Vec::new(), |unknown| unknown.tickets.iter().map(|ticket| ticket.digest).collect())
    }

    #[test]
    fn a_ticket_that_came_up_behind_the_batch_is_told_from_those_it_rotated() {
        assert_eq!(due(&[15, 25, 30], &[(10, 15), (20, 25)]), [30]);
    }

    #[test]
    fn a_token_that_the_application_made_anew_stays() {
        assert!(due(&[99, 25], &[(10, 15), (20, 25)]).is_empty());
    }

    #[test]
    fn two_entries_of_one_ticket_leave_none_over() {
        assert_eq!(due(&[16, 30], &[(10, 15), (10, 16)]), [30]);
    }

    #[test]
    fn nobody_keeps_a_token_that_may_be_old() {
        assert_eq!(due(&[99, 30], &[(10, 15)]), [99, 30]);
    }

    #[test]
    fn no_token_of_the_run_is_made_anew() {
        assert_eq!(due(&[15, 99, 30], &[(10, 15), (20, 25)]), [99, 30]);
    }
}
