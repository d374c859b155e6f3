//! Many sessions that write old tokens back, beside a rotation and by themselves.

use std::thread;

use super::{guarded, held_off, leaked, live};
use crate::common::{Database, oracle};

const SESSIONS: u32 = 8;

/// Each session saves old objects, one a transaction, at random.
fn storm(database: &Database, writes: u32) {
    thread::scope(|scope| {
        for session in 0..SESSIONS {
            scope.spawn(move || {
                let mut client = database.connect();
                for write in 0..writes {
                    let id = i64::from((write * 7919 + session * 104_729) % 100 + 1);
                    let save = "UPDATE ticket SET token = leaked.token FROM leaked
                                WHERE leaked.id = ticket.id AND ticket.id = $1";
                    client.execute(save, &[&id]).expect("it is stored");
                }
            });
        }
    });
}

#[test]
fn each_write_of_a_storm_is_held_off_and_counted() {
    let database = guarded(100, &[]);
    storm(&database, 1500);
    assert_eq!(live(&database), 100);
    assert_eq!(held_off(&database), i64::from(SESSIONS * 1500));
    let rows = database.count("ticket_rotation_held_off");
    assert!(rows < i64::from(SESSIONS * 1500 / 2), "{rows} rows: they are folded now and then");
}

#[test]
fn a_rotation_beside_a_storm_rotates_each_ticket_once() {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    database.complete(&["guard", "on"]);
    thread::scope(|scope| {
        scope.spawn(|| storm(&database, 300));
        database.complete(&["run", "--batch", "100", "--workers", "2"]);
    });
    assert_eq!(leaked(&database), 0);
    oracle::assert_rotated_once(&database);
}
