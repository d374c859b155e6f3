//! Which transactions have left the old rows of the last tickets behind.

/// How far the run was at some moments, and the first transaction id that was unused then.
#[derive(Debug)]
pub struct History {
    tickets: i64,
    moments: Vec<(i64, i64)>,
}

impl History {
    /// Of the last so many tickets.
    pub fn new(tickets: i64) -> Self {
        Self { tickets, moments: Vec::new() }
    }

    pub fn add(&mut self, done: i64, next_transaction: i64) {
        let step = self.tickets / 16;
        if self.moments.last().is_none_or(|(before, _)| done - before > step) {
            self.moments.push((done, next_transaction));
        }
        let outdated = self.moments.iter().rposition(|(before, _)| *before <= done - self.tickets);
        self.moments.drain(..outdated.unwrap_or(0));
    }

    /// The transactions from this one on have rotated at least so many tickets; None: it was not seen that long.
    pub fn oldest_transaction(&self, done: i64) -> Option<i64> {
        let moment = self.moments.iter().rev().find(|(before, _)| *before <= done - self.tickets);
        moment.map(|(_, next_transaction)| *next_transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_moment_before_so_many_tickets_counts() {
        let mut history = History::new(100);
        assert_eq!(history.oldest_transaction(1000), None);
        for done in 0..300 {
            history.add(done, 5000 + done);
        }
        assert_eq!(history.oldest_transaction(299), Some(5000 + 196));
        assert!(history.moments.len() < 20, "{history:?}");
    }

    #[test]
    fn what_was_done_before_is_not_known() {
        let mut history = History::new(100);
        history.add(900, 1);
        assert_eq!((history.oldest_transaction(999), history.oldest_transaction(1000)), (None, Some(1)));
    }
}
