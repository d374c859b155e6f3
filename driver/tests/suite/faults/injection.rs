//! How each kind of fault is brought about.

use fastrand::Rng;

use super::campaign::Campaign;
use super::changes::{self, Change};
use super::crash;
use super::disk::WalDisk;
use super::kind::Kind;
use super::probe::{Probe, now, wait_for};
use super::waiting::PATIENCE;
use crate::common::Cut;

/// When a fault came, and from when on batches were possible again.
pub struct Outage {
    pub since: f64,
    pub until: f64,
}

fn outage(fault: impl FnOnce()) -> Outage {
    let since = now();
    fault();
    Outage { since, until: now() }
}

impl Campaign<'_> {
    /// None: it cannot be done on this machine.
    pub fn inject(&mut self, kind: Kind, random: &mut Rng) -> Option<Outage> {
        let server = self.database.server;
        let outage = match kind {
            Kind::DriverKilled => self.kill_driver(random),
            Kind::DriverStopped => self.stop_driver(random),
            Kind::SessionTerminated => self.terminate_session(random),
            Kind::CutBeforeStatement => self.cut(Cut::BeforeStatement),
            Kind::CutAfterStatement => self.cut(Cut::AfterStatement),
            Kind::CutBeforeAnswer => self.cut(Cut::BeforeAnswer),
            Kind::CutWithinAnswer => self.cut(Cut::WithinAnswer),
            Kind::BackendKilled => self.kill_backend(random),
            Kind::PostmasterKilled => outage(|| {
                crash::kill_postmaster(server);
                server.start_again();
            }),
            Kind::ImmediateShutdown => outage(|| server.restart("immediate")),
            Kind::FastRestart => outage(|| server.restart("fast")),
            Kind::UpdatesSuppressed => self.change_for_a_while(random, &changes::SUPPRESSED),
            Kind::TokensKeptInPartition => self.change_for_a_while(random, &changes::KEPT_IN_PARTITION),
            Kind::RowsHidden => self.change_for_a_while(random, &changes::HIDDEN),
            Kind::TableSwapped => self.change_for_a_while(random, &changes::TABLE_SWAPPED),
            Kind::ColumnSwapped => self.change_for_a_while(random, &changes::COLUMN_SWAPPED),
            Kind::RunCancelled => self.cancel_run(random),
            Kind::WalDiskFull => return self.wal_disk.map(|disk| self.fill_up(disk)),
        };
        Some(outage)
    }

    fn kill_driver(&mut self, random: &mut Rng) -> Outage {
        let driver = self.driver(random);
        outage(|| self.drivers.signal(driver, libc::SIGKILL))
    }

    fn stop_driver(&mut self, random: &mut Rng) -> Outage {
        let driver = self.driver(random);
        let stopped = outage(|| self.drivers.signal(driver, libc::SIGSTOP));
        self.rest(200 + random.u64(..800));
        self.drivers.signal(driver, libc::SIGCONT);
        stopped
    }

    fn terminate_session(&mut self, random: &mut Rng) -> Outage {
        let victim = self.victim(random);
        outage(|| {
            if let Some(process) = victim {
                self.probe.insist(&format!("SELECT pg_terminate_backend({process})"));
            }
        })
    }

    fn cut(&mut self, cut: Cut) -> Outage {
        self.drivers.cut(cut);
        self.wait("a batch to cut off", |campaign| campaign.drivers.is_cut());
        outage(|| ())
    }

    /// The postmaster then ends all sessions and recovers. The victim may just have ended by itself.
    fn kill_backend(&mut self, random: &mut Rng) -> Outage {
        let mut witness = Probe::new(self.database);
        witness.wait_until_it_answers();
        let mut since = now();
        self.wait("a crash", |campaign| {
            let victim = campaign.victim(random);
            since = now();
            if let Some(process) = victim {
                crash::kill_backend(campaign.database.server, process);
            }
            campaign.rest(50);
            witness.ask("true").is_err()
        });
        self.probe.wait_until_it_answers();
        Outage { since, until: now() }
    }

    fn change_for_a_while(&mut self, random: &mut Rng, change: &Change) -> Outage {
        self.probe.insist(change.there);
        outage(|| {
            self.rest(100 + random.u64(..400));
            self.probe.insist(change.back);
        })
    }

    /// While sessions wait for ranges that are locked. They belong to another run when they are free.
    fn cancel_run(&mut self, random: &mut Rng) -> Outage {
        let ranges = random.u64(1..8);
        outage(|| {
            let mut holder = self.database.connect();
            let held = "BEGIN; SELECT FROM ticket_rotation_range ORDER BY first_id FOR UPDATE";
            holder.batch_execute(held).expect("batches come to an end");
            self.rest(100 + random.u64(..400));
            let next = format!("SELECT start_ticket_rotation(ranges => {ranges})");
            self.probe.insist(&format!("SELECT cancel_ticket_rotation(); {next}"));
            self.rest(300);
            holder.batch_execute("COMMIT").expect("the server answers");
        })
    }

    /// The server needs new WAL files soon, and dies or at least fails until there is room again.
    fn fill_up(&mut self, disk: &WalDisk) -> Outage {
        disk.fill();
        outage(|| {
            wait_for("the server to run out of WAL", PATIENCE, || {
                let written = self.probe.ask("pg_logical_emit_message(true, 'filler', 'x')");
                written.and_then(|_| self.probe.ask("pg_switch_wal()")).is_err()
            });
            self.rest(300);
            disk.empty();
            let server = self.database.server;
            wait_for("the server's recovery", PATIENCE, || {
                if !crash::is_running(server) {
                    server.start_again();
                }
                self.probe.is_true("true")
            });
        })
    }
}
