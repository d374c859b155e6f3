//! The server's sessions beside the model of what they have done.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use postgres::Client;
use postgres::error::SqlState;

use super::session::{Answer, Session};
use super::shape::Shape;
use super::tickets::{Level, State, Ticket};
use super::view::View;
use crate::common::Database;

const SESSIONS: usize = 3;
/// Steps that a call may be under way before something is done about what it waits for.
const PATIENCE: usize = 8;

pub struct World {
    pub database: Database<'static>,
    pub shape: &'static Shape,
    pub random: Rng,
    pub step: usize,
    pub observer: Client,
    pub sessions: Vec<Session>,
    pub state: State,
    pub prepared: Vec<Prepared>,
    /// The step in which each run started.
    pub starts: BTreeMap<i64, usize>,
    /// With the number of the sweep that each ended with.
    pub finished: BTreeSet<(i64, i64)>,
    /// Of the newest run.
    pub newest_state: Option<String>,
    /// Each key and token that came together, also of tickets that are gone.
    pub history: Vec<(i64, String)>,
    pub digests: HashMap<String, i64>,
    /// Called with a role that has grants for no more than it takes.
    pub by_rotator: bool,
    pub log: Vec<String>,
}

pub struct Prepared {
    pub name: String,
    pub levels: Vec<Level>,
}

impl World {
    /// The sessions are those of the case before: what the extension keeps from call to call is of another table then.
    pub fn new(database: Database<'static>, mut sessions: Vec<Session>, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let shape = Shape::any(&mut random);
        let mut observer = database.connect();
        observer.batch_execute(&shape.create()).expect("the table can be made");
        let by_rotator = random.bool();
        if by_rotator {
            let grant = format!(
                "GRANT SELECT (id, token, xmin), UPDATE (token) ON ticket TO {}_rotator",
                database.name
            );
            observer.batch_execute(&grant).expect("it can be granted");
        }
        let log = vec![format!("a table with {}, called by a rotator: {by_rotator}", shape.name)];
        sessions.resize_with(SESSIONS, || Session::new(&database));
        Self {
            database,
            shape,
            random,
            step: 0,
            observer,
            sessions,
            state: State::default(),
            prepared: Vec::new(),
            starts: BTreeMap::new(),
            finished: BTreeSet::new(),
            newest_state: None,
            history: Vec::new(),
            digests: HashMap::new(),
            by_rotator,
            log,
        }
    }

    pub fn note(&mut self, session: usize, text: &str) {
        self.log.push(format!("{:>4} {session}: {text}", self.step));
    }

    /// As a session sees it.
    pub fn seen_by(&self, session: usize) -> State {
        self.state.with(&self.sessions[session].levels)
    }

    /// What a statement of a session has written.
    pub fn wrote(&mut self, session: usize, tickets: impl IntoIterator<Item = (i64, Option<Ticket>)>) {
        self.wrote_all(session, Level { tickets: tickets.into_iter().collect(), ..Level::default() });
    }

    pub fn wrote_all(&mut self, session: usize, written: Level) {
        let step = self.step;
        for (key, ticket) in &written.tickets {
            let token = ticket.as_ref().and_then(|ticket| ticket.token.clone());
            self.history.extend(token.map(|token| (*key, token)));
        }
        match self.sessions[session].levels.last_mut() {
            None => self.state.commit(&[written], step),
            Some(level) => {
                level.tickets.extend(written.tickets);
                level.ledger.extend(written.ledger);
                level.looks.extend(written.looks);
                self.sessions[session].first_write.get_or_insert(step);
            }
        }
    }

    /// The error is one that has to be reckoned with; afterwards the session can go on.
    pub fn failed(&mut self, session: usize, error: &postgres::Error, expected: &[&SqlState]) {
        self.note(
            session,
            &format!("-- {}", error.as_db_error().map_or("connection lost", |error| error.message())),
        );
        let code = error.code();
        if error.is_closed() || code == Some(&SqlState::ADMIN_SHUTDOWN) {
            self.sessions[session] = Session::new(&self.database);
            return;
        }
        assert!(
            code.is_some_and(|code| expected.contains(&code)),
            "an error that is not expected: {error:?}"
        );
        self.sessions[session].recover();
    }

    pub fn execute(&mut self, session: usize, sql: &str) -> Answer {
        self.note(session, sql);
        self.sessions[session].execute(sql)
    }

    pub fn call_under_way(&self) -> Option<usize> {
        self.sessions.iter().position(|session| !session.is_free())
    }

    /// Until the call that is under way has ended, or waits for another session.
    pub fn settle(&mut self) {
        let Some(session) = self.call_under_way() else { return };
        let began = Instant::now();
        while !self.sessions[session].has_finished() {
            if began.elapsed() > Duration::from_millis(5) && self.is_waiting(session) {
                return;
            }
            assert!(began.elapsed() < Duration::from_mins(1), "a call neither ends nor waits");
            sleep(Duration::from_micros(300));
        }
        self.finish_call(session);
    }

    /// For a lock, or for a transaction older than the run.
    fn is_waiting(&mut self, session: usize) -> bool {
        let process = self.sessions[session].process;
        let row = self.observer.query_one(include_str!("waiting.sql"), &[&process]);
        row.expect("the server answers").get(0)
    }

    pub fn is_overdue(&self) -> bool {
        let call = self.call_under_way().and_then(|session| self.sessions[session].call.as_ref());
        call.is_some_and(|call| self.step > call.begun_at + PATIENCE)
    }

    pub fn view_of(&mut self, session: usize) -> View {
        let view = View::of(self.sessions[session].client(), self.shape);
        self.learn_digests(&view);
        view
    }

    pub fn observed(&mut self) -> View {
        let view = View::of(&mut self.observer, self.shape);
        self.learn_digests(&view);
        view
    }

    fn learn_digests(&mut self, view: &View) {
        for ticket in view.tickets.values() {
            if let Some((token, digest)) = ticket.token.clone().zip(ticket.digest) {
                self.digests.insert(token, digest);
            }
        }
    }
}
