//! Whom a fault hits.

use fastrand::Rng;

use super::campaign::Campaign;

const IN_A_BATCH: &str = "FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
      AND query LIKE '%rotate\\_ticket\\_tokens(%'";

impl Campaign<'_> {
    pub fn sessions_in_a_batch(&mut self) -> u64 {
        self.probe.number(&format!("SELECT count(*) {IN_A_BATCH}")).unwrap_or(0)
    }

    pub fn driver(&mut self, random: &mut Rng) -> usize {
        let mut driver = None;
        self.wait("a driver that runs", |campaign| {
            driver = campaign.drivers.any(random);
            driver.is_some()
        });
        driver.unwrap_or_default()
    }

    /// A session that is working on a batch; None once the run has ended.
    pub fn victim(&mut self, random: &mut Rng) -> Option<i32> {
        let nth = random.u64(..4);
        let all = format!("SELECT array_agg(pid) {IN_A_BATCH}");
        let one = format!("SELECT pids[1 + {nth} % cardinality(pids)] FROM ({all}) AS session (pids)");
        let mut victim = None;
        self.wait("a session in a batch", |campaign| {
            victim = campaign.probe.ask(&one).ok().and_then(|process| process.parse().ok());
            victim.is_some()
        });
        victim
    }
}
