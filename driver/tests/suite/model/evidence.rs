//! `verify_ticket_rotation` and `batch_progress` beside the model.

use super::properties::Due;
use super::world::World;

const VERIFY: &str = "
SELECT run_id, state, verified, tickets_rotated, tickets_swept, ledger_gaps, old_tokens, old_token_keys, not_rotated,
       not_rotated_keys, created_since, without_token, duplicate_tokens,
       (SELECT tickets_done FROM batch_progress AS progress WHERE progress.run_id = evidence.run_id) AS tickets_done
FROM verify_ticket_rotation() AS evidence";
const MOST_NAMED: usize = 10;

impl World {
    /// Of what is committed, and there is a run.
    pub fn check_evidence(&mut self) {
        let view = self.observed();
        let Some((&run, newest)) = view.runs.last_key_value() else { return };
        let row = self.observer.query_one(VERIFY, &[]).expect("the evidence can be read");
        let count = |column: &str| row.get::<_, i64>(column);
        let named = |column: &str| -> Vec<i64> {
            let keys: Vec<&str> = row.get(column);
            keys.into_iter().map(|key| key.parse().expect("a number")).collect()
        };
        assert_eq!((count("run_id"), row.get::<_, &str>("state")), (run, newest.state.as_str()));

        let due = self.due(run, newest.upper_id);
        let keys = |kind: Due| -> Vec<i64> {
            due.iter().filter(|(_, due)| **due == kind).map(|(key, _)| *key).collect()
        };
        let (old, without_entry) = (keys(Due::OldToken), keys(Due::NotRotated));
        let first = |keys: &[i64]| keys[..keys.len().min(MOST_NAMED)].to_vec();
        assert_eq!((count("old_tokens"), named("old_token_keys")), (old.len() as i64, first(&old)));

        let is_finished = newest.state == "finished";
        let (left_out, later) =
            if newest.has_been_swept() { (vec![], without_entry) } else { (without_entry, vec![]) };
        assert_eq!(
            (count("not_rotated"), named("not_rotated_keys")),
            (left_out.len() as i64, first(&left_out))
        );
        assert_eq!(count("created_since"), later.len() as i64);

        assert_eq!(
            row.get::<_, bool>("verified"),
            is_finished && old.is_empty(),
            "verified, old tokens: {old:?}"
        );
        assert!(!is_finished || count("ledger_gaps") == 0, "gaps of a finished run");
        let rotated = |swept: bool| -> i64 {
            let batches =
                view.ledger.iter().filter(|((of, sweep, _), _)| *of == run && (!swept || *sweep > 0));
            batches.map(|(_, batch)| batch.tickets).sum()
        };
        assert_eq!((count("tickets_rotated"), count("tickets_swept")), (rotated(false), rotated(true)));
        assert_eq!(count("tickets_done"), rotated(false), "tickets done, in batch_progress");
        self.check_tokens(count("without_token"), count("duplicate_tokens"));
    }

    fn check_tokens(&self, without_token: i64, duplicates: i64) {
        let tokens = self.state.tickets.values().filter_map(|ticket| ticket.token.as_ref());
        let (count, distinct) =
            (tokens.clone().count(), tokens.collect::<std::collections::BTreeSet<_>>().len());
        assert_eq!(without_token, (self.state.tickets.len() - count) as i64, "tickets without a token");
        assert_eq!(duplicates, (count - distinct) as i64, "duplicate tokens");
    }
}
