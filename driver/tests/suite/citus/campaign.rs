//! A table that Citus keeps under faults, either way: nodes and drivers are killed, shards move and are split, while an
//! application writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use super::shards_cluster::Cluster;
use super::way::Way;
use crate::common::{Running, Server, number, poll};

/// Also where the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn write(cluster: &Cluster, way: Way, stop: &AtomicBool) -> u32 {
    let (mut written, mut random) = (0, Rng::with_seed(7));
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = cluster.database().try_connect() else { continue };
        while !stop.load(Ordering::Relaxed) && way.write(&mut client, &mut random).is_ok() {
            written += 1;
            thread::sleep(Duration::from_millis(5));
        }
    }
    written
}

fn restart(node: &Server, random: &mut Rng) {
    Cluster::kill_node(node);
    thread::sleep(Duration::from_millis(random.u64(0..1500)));
    node.start_again();
}

/// Returns what it did, or why it could not.
fn fault(cluster: &Cluster, running: &Running, random: &mut Rng) -> String {
    // A move or split that blocks writes copies a shard without what is prepared there, and so loses it.
    let recover = || cluster.database().administrator().execute("SELECT recover_prepared_transactions()");
    let mut client = cluster.database().connect();
    let shards = "pg_dist_shard WHERE logicalrelid = 'ticket'::regclass";
    let shards = u32::try_from(cluster.database().count(shards)).expect("a number");
    let shard = cluster.shard(random.u32(0..shards));
    let node = random.usize(0..cluster.workers.len());
    match random.u8(0..6) {
        0 => {
            restart(&cluster.workers[node], random);
            format!("killed worker {node}")
        }
        1 => {
            restart(&cluster.coordinator, random);
            "killed the coordinator".to_owned()
        }
        2 => format!("moved {shard}: {:?}", cluster.move_shard(&mut client, shard, "force_logical")),
        3 => {
            recover();
            format!("moved {shard}, blocking: {:?}", cluster.move_shard(&mut client, shard, "block_writes"))
        }
        4 if shards < 16 => {
            recover();
            format!("split {shard}: {:?}", Cluster::split_shard(&mut client, shard))
        }
        _ => {
            running.signal(libc::SIGKILL);
            "killed the driver".to_owned()
        }
    }
}

/// `CITUS_FAULTS` says how many, `SEED` which and when.
fn survives(way: Way, name: &str) {
    let Some(cluster) = Cluster::start_with(way.edition(), name, 2) else { return };
    way.prepare(&cluster);
    let (mut random, stop) = (Rng::with_seed(number("SEED", 1)), AtomicBool::new(false));
    thread::scope(|scope| {
        let application = scope.spawn(|| write(&cluster, way, &stop));
        let writes = Stop(&stop);
        let mut running = way.start(&cluster);
        for _ in 0..number("CITUS_FAULTS", 8) {
            thread::sleep(Duration::from_millis(random.u64(200..1500)));
            if !running.is_running() {
                break;
            }
            let done = fault(&cluster, &running, &mut random);
            println!("{} tickets: {done}", way.rotated(&cluster));
            thread::sleep(Duration::from_millis(100));
            if !running.is_running() {
                running = way.start(&cluster);
            }
        }
        poll("the end of the run", || !running.is_running());
        drop(writes);
        println!("the application has written {} times", application.join().expect("it ends"));
    });
    way.start(&cluster).wait().expect(0);
    way.assert_rotated_once(&cluster);
}

#[test]
fn no_ticket_of_a_shard_is_skipped_or_rotated_twice() {
    survives(Way::Shards, "shards_faults");
}

#[test]
fn no_ticket_is_skipped_or_rotated_twice_from_the_coordinator() {
    survives(Way::Coordinator, "citus_faults");
}
