//! Nodes that go away, and shards that move.

use super::cluster::{Cluster, assert_rotated_once, host, make_tickets};

#[test]
fn a_run_goes_on_when_its_nodes_come_back() {
    let Some(cluster) = Cluster::start("citus_away") else { return };
    let database = cluster.database();
    make_tickets(&database, 3000);
    for server in [&cluster.workers[0], &cluster.coordinator, &cluster.workers[1]] {
        let driver = database.start(&["run", "--batch", "50", "--nice", "3", "--retry-for", "1min"]);
        driver.wait_for_stdout("completed: ");
        server.stop("immediate");
        driver.wait_for_stderr("trying again");
        server.start_again();
        driver.signal(libc::SIGTERM);
        let _ended = driver.wait();
    }
    database.complete(&["run", "--batch", "200", "--retry-for", "1min"]);
    database.administrator().execute("SELECT recover_prepared_transactions()");
    assert_rotated_once(&database);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn a_batch_that_the_workers_have_committed_is_not_lost_in_a_crash_of_the_coordinator() {
    let Some(cluster) = Cluster::start("citus_lost") else { return };
    let database = cluster.database();
    make_tickets(&database, 100);
    database.execute("SELECT start_ticket_rotation()");
    let mut session = database.connect();
    session.batch_execute("SET synchronous_commit = off; SELECT rotate_ticket_tokens(NULL, 60)").unwrap();
    cluster.coordinator.stop("immediate");
    cluster.coordinator.start_again();
    database.administrator().execute("SELECT recover_prepared_transactions()");
    let rotated = database.count("ticket JOIN leaked USING (id) WHERE ticket.token <> leaked.token");
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), rotated.to_string());
    assert_eq!(rotated, 60);
    database.complete(&["run", "--batch", "60"]);
    assert_rotated_once(&database);
}

#[test]
fn shards_move_while_a_run_is_at_work() {
    let Some(cluster) = Cluster::start("citus_move") else { return };
    let database = cluster.database();
    make_tickets(&database, 3000);
    let driver = database.start(&["run", "--batch", "50", "--nice", "3", "--retry-for", "1min"]);
    driver.wait_for_stdout("completed: ");
    let [from, to] = [host(&cluster.workers[0]), host(&cluster.workers[1])];
    let shard = database.one(
        "SELECT min(shardid) FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
         WHERE logicalrelid = 'ticket'::regclass AND groupid = 1",
    );
    database.execute(&format!(
        "SELECT citus_move_shard_placement({shard}, '{from}', 5432, '{to}', 5432, 'force_logical')"
    ));
    driver.wait().expect(0);
    assert_rotated_once(&database);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn a_node_without_tickets_of_the_table_may_be_away() {
    let Some(cluster) = Cluster::start("citus_elsewhere") else { return };
    let database = cluster.database();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid());
         SELECT citus_add_local_table_to_metadata('ticket');
         INSERT INTO ticket SELECT generate_series(1, 100);
         CREATE TABLE leaked AS SELECT id, token FROM ticket",
    );
    cluster.workers[0].stop("immediate");
    database.complete(&["run", "--batch", "60", "--verify"]);
    cluster.workers[0].start_again();
    assert_rotated_once(&database);
}
