//! Failovers to a standby that is behind: what is lost is lost with its ledger rows, so the run goes on from what is
//! there.

use super::pair::Pair;
use crate::common::{Database, TRYING, poll};

const ROTATED: &str = "ticket JOIN leaked USING (id) WHERE ticket.token <> leaked.token";

/// The standby gets nothing from now on.
fn cut_off(pair: &Pair) {
    let standby = Database::named(pair.standing_by(), "postgres");
    standby.execute("ALTER SYSTEM SET primary_conninfo = ''");
    standby.execute("SELECT pg_reload_conf()");
    poll("the end of replication", || pair.primary().count("pg_stat_replication") == 0);
}

#[test]
fn batches_that_are_lost_in_a_failover_are_made_again() {
    let mut pair = Pair::start(["ahead", "behind"], 5000);
    let running = pair.drive(&pair.primary_first(), &["run", "--batch", "20"]);
    pair.wait_for_batches(10);
    cut_off(&pair);
    pair.wait_for_batches(10);
    let seen = pair.primary().one(&format!("SELECT array_agg(ticket.token) FROM {ROTATED}"));
    pair.promote("immediate");
    running.wait().expect(0).says(&[TRYING]);
    pair.assert_rotated_once();
    let lost =
        format!("unnest('{seen}'::uuid[]) AS seen (token) WHERE token NOT IN (SELECT token FROM ticket)");
    assert!(pair.primary().count(&lost) > 0, "the standby was not behind");
}

#[test]
fn a_run_whose_end_is_lost_in_a_failover_is_ended_again() {
    let mut pair = Pair::start(["finished", "unfinished"], 5000);
    let running = pair.drive(&pair.primary_first(), &["run", "--batch", "20"]);
    pair.wait_for_batches(10);
    cut_off(&pair);
    running.wait().expect(0);
    pair.promote("immediate");
    assert!(pair.primary().count(ROTATED) < 5000, "the standby was not behind");
    pair.primary().end(&["verify"], 3);
    pair.primary().complete(&["run", "--verify"]);
    pair.assert_rotated_once();
}
