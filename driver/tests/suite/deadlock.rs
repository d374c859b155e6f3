//! Deadlocks between a batch and the application: the batch gives way, every time.

use std::thread;

use postgres::{Client, Transaction};

use crate::common::{Database, batches, oracle, poll};

/// They are busy side by side, since a deadlock takes a while.
const DATABASES: u64 = 8;
/// The size to which a batch shrinks after lock time-outs.
const BATCH: i64 = 50;

fn create(deadlock_timeout: &str) -> Database<'static> {
    let database = Database::with_tickets(20_000);
    oracle::watch(&database);
    let patience = format!("ALTER DATABASE {} SET deadlock_timeout = '{deadlock_timeout}'", database.name);
    database.administrator().execute(&patience);
    database
}

/// Runs until the application, which knows the checkpoint, has won so many deadlocks.
fn provoke(database: &Database, deadlocks: usize, cross: impl Fn(&mut Transaction, i64) -> bool) {
    let mut running = database.start(&["run", "--batch", &BATCH.to_string(), "--retry-for", "1h"]);
    let mut client = database.connect();
    poll("the first batch", || batches(&mut client) > 0);
    let mut won = 0;
    while won < deadlocks {
        assert!(running.is_running(), "the run lasts longer than the deadlocks");
        let (before, checkpoint) = (batches(&mut client), checkpoint(&mut client));
        let mut transaction = client.transaction().expect("a transaction");
        won += usize::from(cross(&mut transaction, checkpoint));
        transaction.commit().expect("the application is not the victim");
        poll("a batch that gets through", || batches(&mut client) > before);
    }
    database.execute("DROP FUNCTION IF EXISTS rest() CASCADE");
    running.wait().expect(0);
    oracle::assert_rotated_once(database);
}

fn checkpoint(client: &mut Client) -> i64 {
    let row = client.query_one("SELECT max(last_id) FROM ticket_rotation_batch", &[]);
    row.expect("the ledger can be read").get(0)
}

fn take(transaction: &mut Transaction, id: i64) {
    let taken = transaction.execute("SELECT FROM ticket WHERE id = $1 FOR UPDATE", &[&id]);
    taken.expect("the application is not the victim");
}

fn in_parallel(test: impl Fn() + Sync) {
    thread::scope(|scope| (0..DATABASES).for_each(|_| drop(scope.spawn(&test))));
}

/// None waits where the run has passed the ticket already.
fn wait_for_batch(transaction: &mut Transaction, id: i64) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                              AND transactionid = pg_current_xact_id()::xid),
                      EXISTS (SELECT FROM ticket_rotation_batch WHERE last_id >= $1)";
    let (mut waits, mut passed) = (false, false);
    poll("a batch that comes to wait", || {
        let row = transaction.query_one(sql, &[&id]).expect("locks can be read");
        (waits, passed) = (row.get(0), row.get(1));
        waits || passed
    });
    waits
}

/// The application holds a ticket ahead. When a batch has come to wait for it, it asks for the one before, which that
/// batch has rotated.
#[test]
fn a_batch_that_waits_first_gives_way() {
    in_parallel(|| {
        provoke(&create("1s"), 30, |transaction, checkpoint| {
            let ahead = checkpoint + 10 * BATCH + BATCH / 2;
            take(transaction, ahead);
            let waits = wait_for_batch(transaction, ahead);
            take(transaction, ahead - 1);
            waits
        });
    });
}

/// The batch takes longer than it may wait. The application holds its last ticket, and asks for the first one while
/// the batch is on its way.
#[test]
fn a_batch_that_waits_last_gives_way() {
    in_parallel(|| {
        let database = create("4s");
        database.execute(
            "CREATE FUNCTION rest() RETURNS boolean LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_sleep(0.045); RETURN true; END';
             ALTER TABLE ticket ADD CHECK (rest()) NOT VALID",
        );
        provoke(&database, 5, |transaction, checkpoint| {
            take(transaction, checkpoint + BATCH);
            let first = checkpoint + 1;
            poll("a batch on its way", || is_taken(transaction, first));
            take(transaction, first);
            true
        });
    });
}

/// Without taking it.
fn is_taken(transaction: &mut Transaction, id: i64) -> bool {
    let mut look = transaction.transaction().expect("a savepoint");
    let sql = "SELECT FROM ticket WHERE id = $1 FOR UPDATE SKIP LOCKED";
    look.query(sql, &[&id]).expect("the application is not the victim").is_empty()
}
