//! Shards under faults: nodes and drivers are killed, shards move and are split, while an application writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use super::shards_cluster::Cluster;
use crate::common::{Running, Server, poll};

const TICKETS: u32 = 40_000;

/// `CITUS_FAULTS` says how many.
fn faults() -> u32 {
    std::env::var("CITUS_FAULTS").map_or(8, |faults| faults.parse().expect("a number"))
}

fn seed() -> u64 {
    std::env::var("SEED").map_or(1, |seed| seed.parse().expect("a number"))
}

/// New tickets, and changes of others that leave their tokens alone.
fn write(cluster: &Cluster, stop: &AtomicBool) -> u32 {
    let (mut written, mut random) = (0, Rng::with_seed(7));
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = cluster.database().try_connect() else { continue };
        let sql = format!(
            "INSERT INTO ticket (id) VALUES ({}) ON CONFLICT DO NOTHING; UPDATE ticket SET n = coalesce(n, 0) + 1 WHERE id = {}",
            TICKETS + random.u32(1..1_000_000),
            random.u32(1..=TICKETS)
        );
        written += u32::from(client.batch_execute(&sql).is_ok());
        thread::sleep(Duration::from_millis(5));
    }
    written
}

/// Also where the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn restart(node: &Server, random: &mut Rng) {
    Cluster::kill_node(node);
    thread::sleep(Duration::from_millis(random.u64(0..1500)));
    node.start_again();
}

/// Returns what it did, or why it could not.
fn fault(cluster: &Cluster, running: &Running, random: &mut Rng) -> String {
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
        3 => format!("moved {shard}, blocking: {:?}", cluster.move_shard(&mut client, shard, "block_writes")),
        4 if shards < 16 => format!("split {shard}: {:?}", Cluster::split_shard(&mut client, shard)),
        _ => {
            running.signal(libc::SIGKILL);
            "killed the driver".to_owned()
        }
    }
}

#[test]
fn no_ticket_of_a_shard_is_skipped_or_rotated_twice() {
    let Some(cluster) = Cluster::start("shards_faults", 2) else { return };
    cluster.make_tickets(TICKETS, 8);
    let (mut random, stop) = (Rng::with_seed(seed()), AtomicBool::new(false));
    let options = ["--batch", "50", "--nice", "2", "--workers", "1"];
    thread::scope(|scope| {
        let application = scope.spawn(|| write(&cluster, &stop));
        let writes = Stop(&stop);
        let mut running = cluster.start_run(&options);
        for _ in 0..faults() {
            thread::sleep(Duration::from_millis(random.u64(200..1500)));
            if !running.is_running() {
                break;
            }
            let done = fault(&cluster, &running, &mut random);
            println!("{} retired: {done}", cluster.retired().len());
            thread::sleep(Duration::from_millis(100));
            if !running.is_running() {
                running = cluster.start_run(&options);
            }
        }
        poll("the end of the run", || !running.is_running());
        drop(writes);
        println!("the application has written {} times", application.join().expect("it ends"));
    });
    cluster.end_run(&[], 0);
    cluster.assert_rotated_once();
    cluster.verify(0);
}
