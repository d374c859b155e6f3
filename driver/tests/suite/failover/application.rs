//! An application that goes on at whichever server may be written to, and remembers what it was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use fastrand::Rng;
use postgres::{Client, Error, NoTls};

use super::pair::Pair;

/// Between two transactions, and before it connects anew.
const PAUSE: Duration = Duration::from_millis(20);

pub struct Application {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Told>,
}

#[derive(Default)]
pub struct Told {
    /// Tickets that it has made.
    made: Vec<i64>,
    /// Those that were rotated, and the tokens that it then mailed.
    mailed: Vec<(i64, String)>,
}

impl Application {
    pub fn start(pair: &Pair) -> Self {
        let (hosts, user, name) = (pair.primary_first(), pair.leading().variable("PGUSER"), &pair.name);
        let connection = format!("host={hosts} user={user} dbname={name} target_session_attrs=read-write");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        Self { stop, thread: spawn(move || work_until(&stopped, &connection)) }
    }

    pub fn end(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it goes on whatever happens")
    }
}

fn work_until(stop: &AtomicBool, connection: &str) -> Told {
    let (mut told, mut client, mut random) = (Told::default(), None, Rng::with_seed(1));
    while !stop.load(Ordering::Relaxed) {
        let connected = client.take().map_or_else(|| Client::connect(connection, NoTls), Ok);
        client = connected.and_then(|client| told.work(client, &mut random)).ok();
        sleep(PAUSE);
    }
    told
}

impl Told {
    fn work(&mut self, mut client: Client, random: &mut Rng) -> Result<Client, Error> {
        let made = client.query_one("INSERT INTO ticket DEFAULT VALUES RETURNING id", &[])?;
        self.made.push(made.get(0));
        let seen = "UPDATE ticket SET created_at = now() WHERE id = $1";
        client.execute(seen, &[&random.i64(1..=5000)])?;
        let newest = "SELECT id, token::text FROM ticket JOIN rotated USING (id)
                      ORDER BY rotated.transaction_id DESC LIMIT 10";
        self.mailed.extend(client.query(newest, &[])?.iter().map(|row| (row.get(0), row.get(1))));
        Ok(client)
    }

    /// Links that were mailed still lead to their tickets, and what it has made is there.
    #[track_caller]
    pub fn assert_still_true(self, pair: &Pair) {
        let mut client = pair.primary().connect();
        let made = "SELECT count(*) FROM ticket WHERE id = ANY ($1)";
        let there: i64 = client.query_one(made, &[&self.made]).expect("tickets can be counted").get(0);
        assert_eq!(there, self.made.len() as i64, "tickets that it has made");
        let (ids, tokens): (Vec<i64>, Vec<String>) = self.mailed.into_iter().unzip();
        let mailed = "SELECT count(*) FILTER (WHERE ticket.id IS NULL), count(DISTINCT mailed.id)
                      FROM unnest($1::bigint[], $2::text[]) AS mailed (id, token)
                      LEFT JOIN ticket ON ticket.id = mailed.id AND ticket.token::text = mailed.token";
        let row = client.query_one(mailed, &[&ids, &tokens]).expect("tickets can be counted");
        let (dead, tickets): (i64, i64) = (row.get(0), row.get(1));
        println!("{there} tickets made, {tickets} mailed");
        assert_eq!(dead, 0, "links that were mailed and lead nowhere");
        assert!(tickets > 50, "only {tickets} tickets were mailed");
    }
}
