//! A table that Citus has distributed, rotated shard by shard on real nodes.

use crate::common::{free_port, poll};

use super::shards_cluster::Cluster;

#[test]
fn each_shard_is_rotated_once_on_its_node() {
    let Some(cluster) = Cluster::start("shards_once", 2) else { return };
    cluster.make_tickets(4000, 8);
    cluster.end_run(&["--batch", "150"], 0).says(&["finished in all shards"]);
    cluster.assert_rotated_once();
    assert_eq!(
        [0, 1].map(|worker| cluster.worker(worker).count("ticket_rotation WHERE state = 'finished'")),
        [4, 4]
    );
    let verified = cluster.verify(0).stdout;
    assert!(verified.contains("4000 ticket(s) rotated"), "{verified}");
    cluster.end_run(&[], 0).says(&["was finished before"]);
    cluster.assert_rotated_once();
    cluster.end_run(&["--new", "--verify"], 0);
    assert_eq!(cluster.retired().len(), 8000);
}

#[test]
fn a_node_that_is_away_stops_its_own_shards_alone() {
    let Some(cluster) = Cluster::start("shards_away", 2) else { return };
    cluster.make_tickets(2000, 4);
    let away = format!("127.0.0.1:{}=127.0.0.1:{}", cluster.port(1), free_port());
    let ended = cluster.end_run(&["--node-map", &away, "--retry-for", "2s"], 75);
    ended.says(&["node 127.0.0.1:", "continue with: rotate-driver run --shards"]);
    let unfinished = "ticket_shard_ledger_1 WHERE sweep = -1 AND record ->> 'state' <> 'finished'";
    assert_eq!(cluster.database().count(unfinished), 2);
    cluster.verify(3).says(&["run --shards"]);
    cluster.end_run(&[], 0);
    cluster.assert_rotated_once();
    cluster.verify(0);
}

#[test]
fn a_run_moves_with_its_shards() {
    let Some(cluster) = Cluster::start("shards_moved", 2) else { return };
    cluster.make_tickets(8000, 4);
    cluster.interrupt_after(1000, &["--batch", "50", "--workers", "2", "--nice", "3"]);
    let mut client = cluster.database().connect();
    for (number, mode) in [(0, "force_logical"), (1, "block_writes")] {
        cluster.move_shard(&mut client, cluster.shard(number), mode).expect("it moves");
    }
    let running = cluster.start_run(&["--batch", "50", "--nice", "3"]);
    poll("more tickets", || cluster.retired().len() > 3000);
    cluster.move_shard(&mut client, cluster.shard(2), "force_logical").expect("it moves");
    running.wait().expect(0);
    cluster.move_shard(&mut client, cluster.shard(3), "force_logical").expect("it moves");
    cluster.move_shard(&mut client, cluster.shard(3), "force_logical").expect("it moves back");
    cluster.assert_rotated_once();
    assert!(cluster.verify(0).stdout.contains("8000 ticket(s) rotated"));
}

#[test]
fn the_parts_of_a_shard_go_on_with_its_run() {
    let Some(cluster) = Cluster::start("shards_split", 2) else { return };
    cluster.make_tickets(8000, 4);
    cluster.interrupt_after(1000, &["--batch", "50", "--workers", "2", "--nice", "3"]);
    let mut client = cluster.database().connect();
    Cluster::split_shard(&mut client, cluster.shard(0)).expect("it is split");
    let running = cluster.start_run(&["--batch", "50", "--nice", "3"]);
    poll("more tickets", || cluster.retired().len() > 3000);
    Cluster::split_shard(&mut client, cluster.shard(1)).expect("it is split");
    running.wait().expect(0);
    Cluster::split_shard(&mut client, cluster.shard(2)).expect("it is split");
    cluster.assert_rotated_once();
    assert!(cluster.verify(0).stdout.contains("8000 ticket(s) rotated"));
}

#[test]
fn an_old_token_that_is_back_is_found_on_its_node() {
    let Some(cluster) = Cluster::start("shards_back", 2) else { return };
    cluster.make_tickets(1000, 4);
    cluster.end_run(&[], 0);
    let token = cluster.database().one("SELECT token FROM leaked WHERE id = 7");
    cluster.database().execute(&format!("UPDATE ticket SET token = '{token}' WHERE id = 7"));
    let said = cluster.verify(3).stdout;
    assert!(said.contains("old tokens        FAILS: 1 ticket(s): ids 7"), "{said}");
}
