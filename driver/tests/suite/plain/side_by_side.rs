//! Sessions of the plain-SQL edition beside each other and beside an application that writes to the same tickets: each
//! entry is of a token that its ticket had, nothing that the application wrote is lost, and nobody is ended by a
//! deadlock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use postgres::Client;

use crate::common::{Database, Edition, Server};

const SESSIONS: usize = 3;
const CALLS: usize = 50;

fn create(key: &str, id: &str) -> Database<'static> {
    let database = Database::with_functions_in_public(Edition::Plain, Server::shared());
    let patience = format!("ALTER DATABASE {} SET deadlock_timeout = '1s'", database.name);
    Database::named(database.server, &database.name).execute(&patience);
    database.execute(&include_str!("side_by_side.sql").replace("@key@", key).replace("@id@", id));
    database
}

/// Batch after batch, and a new run whenever one is finished.
fn rotate(mut client: Client, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..CALLS {
        let batch = random.i32(20..300);
        match client.query_one("SELECT rotate_ticket_tokens(NULL, $1)", &[&batch]) {
            Ok(row) if row.get::<_, Option<i64>>(0).is_none() => {
                // Another session may have started one. No run retires a token that is not known by then.
                let next = "INSERT INTO known SELECT id, token FROM ticket;
                            SELECT start_ticket_rotation(ranges => 3, key_column => 'id')";
                assert_code(client.batch_execute(next), &["55006", "55P03"]);
            }
            result => assert_code(result, &["55P03", "55000"]),
        }
    }
}

/// A lock that is not free in time, a run that another session has started or ended.
fn assert_code<T>(result: Result<T, postgres::Error>, expected: &[&str]) {
    let code = result.err().map(|error| error.code().expect("the server's").code().to_owned());
    assert!(code.as_ref().is_none_or(|code| expected.contains(&code.as_str())), "{code:?}");
}

#[test]
fn sessions_rotate_beside_each_other_and_the_application() {
    for (key, id) in [("PRIMARY KEY", "i"), ("NOT NULL", "i / 5")] {
        let database = create(key, id);
        database.one("SELECT start_ticket_rotation(ranges => 3, key_column => 'id')");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let sessions = (0..SESSIONS as u64).map(|seed| {
                let client = database.connect();
                scope.spawn(move || rotate(client, seed))
            });
            let sessions: Vec<_> = sessions.collect();
            for _ in 0..SESSIONS {
                let (mut client, is_over) = (database.connect(), &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        client.batch_execute("SELECT work()").expect("the application is not the victim");
                    }
                });
            }
            let ended: Vec<_> = sessions.into_iter().map(thread::ScopedJoinHandle::join).collect();
            is_over.store(true, Ordering::Relaxed);
            ended.into_iter().for_each(|ended| ended.expect("it rotates"));
        });
        assert_nothing_is_lost(&database, key);
    }
}

fn assert_nothing_is_lost(database: &Database, key: &str) {
    let entries = "SELECT count(*) FROM ticket_rotation_batch, unnest(keys, digests) AS entry (id, digest)";
    let of_no_token = "NOT EXISTS (SELECT FROM known WHERE known.id = entry.id
                                   AND ticket_token_digest(known.token) = entry.digest)";
    assert_ne!(database.one(entries), "0", "{key}");
    assert_eq!(database.one(&format!("{entries} WHERE run_id = 1 AND {of_no_token}")), "0", "{key}");
    let counted = "(SELECT sum(counted) FROM ticket) = (SELECT sum(tickets) FROM counts)";
    assert_eq!(database.one(&format!("SELECT {counted}")), "true", "{key}");
    let too_often = "(SELECT FROM ticket_rotation_batch, unnest(keys) AS entry (id) WHERE sweep = 0
                      GROUP BY run_id, entry.id
                      HAVING count(*) > (SELECT count(*) FROM ticket WHERE ticket.id = entry.id)) AS twice";
    assert_eq!(database.count(too_often), 0, "{key}");
}
