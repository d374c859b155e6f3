//! What must hold after a campaign: what the oracle says of any run, where the application writes tokens as well and a
//! run may have been cancelled for another one; and that nothing else was rotated.

use crate::common::{Database, oracle};

/// In place of the oracle's of the same name, or besides.
const VIOLATIONS: [(&str, &str); 9] = [
    (
        "rotated twice",
        "FROM rotated_in_run AS rotated
         GROUP BY run_id, id HAVING count(*) > 1 + (SELECT count(*) FROM rewritten WHERE id = rotated.id)",
    ),
    (
        "batches do not tile",
        "FROM (SELECT batch.first_id::numeric, lag(batch.last_id::numeric, 1, -9223372036854775809)
                      OVER (ORDER BY batch.last_id) + 1 AS next
               FROM ticket_rotation_batch AS batch JOIN ticket_rotation USING (run_id)
               WHERE batch.sweep = 0 AND state = 'finished') AS batch
         WHERE first_id <> next",
    ),
    (
        "not finished",
        "FROM ticket_rotation AS run
         WHERE run_id = (SELECT max(run_id) FROM ticket_rotation)
           AND (state <> 'finished'
                OR upper_id <> (SELECT max(last_id) FROM ticket_rotation_batch WHERE run_id = run.run_id AND sweep = 0)
                OR EXISTS (SELECT FROM ticket_rotation_range
                           WHERE run_id = run.run_id AND (rotated_at IS NULL OR swept_at IS NULL)))
            OR run_id < (SELECT max(run_id) FROM ticket_rotation) AND state <> 'cancelled'",
    ),
    (
        "entries are not of the tokens that were lost",
        "FROM (SELECT transaction_id, id, lost FROM rotated) AS rotated
         FULL JOIN (SELECT transaction_id, entry.*
                    FROM ticket_rotation_batch, unnest(keys, digests) AS entry (id, lost)) AS entry
             USING (transaction_id, id, lost)
         WHERE rotated IS NULL OR entry IS NULL",
    ),
    (
        // Its state and the clock are read in one statement, which may come shortly before the other one's COMMIT.
        "batch after the end of its run",
        "FROM ticket_rotation_batch AS batch JOIN ticket_rotation AS run USING (run_id)
         WHERE batch.started_at > run.finished_at + interval '0.1 s'",
    ),
    (
        // Besides what is committed between the look at its interval and the UPDATE: a bulk load at most.
        "batch too large",
        "FROM ticket_rotation_batch WHERE tickets > 20 + 100",
    ),
    (
        "another table was rotated",
        "FROM decoy JOIN decoy_copy USING (id)
         WHERE decoy.token <> decoy_copy.token AND id NOT IN (SELECT id FROM decoy_rewritten)",
    ),
    (
        "another column was rotated",
        "FROM ticket JOIN other_copy USING (id)
         WHERE ticket.other <> other_copy.other AND id NOT IN (SELECT id FROM rewritten)",
    ),
    ("finished and not verified", "FROM unverified"),
];

/// The application's own tokens are entered as well.
const NOT_OF_A_CAMPAIGN: [&str; 1] = ["no entry of its leaked token"];

pub fn find(database: &Database) -> Vec<&'static str> {
    let is_replaced = |name: &&str| {
        NOT_OF_A_CAMPAIGN.contains(name) || VIOLATIONS.iter().any(|(replacing, _)| replacing == name)
    };
    let mut violations = oracle::violations(database);
    violations.retain(|name| !is_replaced(name));
    let found = |from: &str| database.count(&format!("(SELECT {from}) AS violation")) > 0;
    violations.extend(VIOLATIONS.iter().filter(|(_, from)| found(from)).map(|(name, _)| *name));
    violations
}
