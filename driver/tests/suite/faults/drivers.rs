//! Several drivers on one run, most of them through the proxy, each started again whenever it has ended.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::common::{Cut, Database, Ended, Proxy, Running, TRYING};

/// Between the end of a driver and its next start.
const PAUSE: Duration = Duration::from_millis(100);

pub struct Drivers<'a> {
    database: &'a Database<'a>,
    proxy: Proxy,
    cut: Arc<Mutex<Option<Cut>>>,
    places: Vec<Place>,
    pub restarts: u64,
    /// What drivers said that ended by themselves although nothing stood in their way.
    pub gave_up: Vec<String>,
}

struct Place {
    running: Option<Running>,
    killed: bool,
    finished: bool,
    free_since: Instant,
}

impl<'a> Drivers<'a> {
    pub fn start(database: &'a Database<'a>, count: usize) -> Self {
        let cut = Arc::new(Mutex::new(None));
        let next = Arc::clone(&cut);
        let proxy = Proxy::before(database, "rotate_ticket_tokens", move || {
            next.lock().expect("no test has failed").take()
        });
        let place = |_| Place { running: None, killed: false, finished: false, free_since: Instant::now() };
        let places = (0..count).map(place).collect();
        let mut drivers = Self { database, proxy, cut, places, restarts: 0, gave_up: Vec::new() };
        for index in 0..count {
            drivers.fill(index);
        }
        drivers
    }

    /// Every second driver has two workers. The third one connects directly, as the cron-like caller does.
    fn fill(&mut self, index: usize) {
        let (batch, workers) = ((8 + 4 * index).to_string(), (1 + index % 2).to_string());
        let arguments = ["run", "--batch", &batch, "--workers", &workers, "--retry-for", "3m"];
        let mut command = self.database.driver(&arguments);
        if index != 2 {
            self.proxy.set_variables(&mut command);
        }
        self.places[index].running = Some(Running::start(command));
    }

    /// To be called over and over.
    pub fn tend(&mut self) {
        for index in 0..self.places.len() {
            let place = &mut self.places[index];
            if let Some(mut running) = place.running.take() {
                if running.is_running() {
                    place.running = Some(running);
                } else {
                    let ended = running.wait();
                    place.free_since = Instant::now();
                    place.finished = ended.code == Some(0);
                    let killed = std::mem::take(&mut place.killed);
                    self.gave_up.extend(complaint(ended).filter(|_| !killed));
                }
            } else if !place.finished && place.free_since.elapsed() > PAUSE {
                self.restarts += 1;
                self.fill(index);
            }
        }
    }

    pub fn have_finished(&self) -> bool {
        self.places.iter().all(|place| place.finished)
    }

    /// None while all of them are about to be started again.
    pub fn any(&self, random: &mut Rng) -> Option<usize> {
        let running = self.places.iter().enumerate().filter(|(_, place)| place.running.is_some());
        let running: Vec<usize> = running.map(|(index, _)| index).collect();
        (!running.is_empty()).then(|| running[random.usize(..running.len())])
    }

    pub fn signal(&mut self, index: usize, signal: i32) {
        let place = &mut self.places[index];
        if let Some(running) = &place.running {
            place.killed |= signal == libc::SIGKILL;
            running.signal(signal);
        }
    }

    /// At the next batch that comes through the proxy.
    pub fn cut(&mut self, cut: Cut) {
        *self.cut.lock().expect("no test has failed") = Some(cut);
    }

    pub fn is_cut(&self) -> bool {
        self.cut.lock().expect("no test has failed").is_none()
    }
}

/// What a driver may end of by itself: a server that it has never reached, a batch that a trigger interferes with,
/// hidden tickets, a table or column that is another one, a run that was cancelled, a full disk. All else passes, and
/// it should have waited.
fn complaint(ended: Ended) -> Option<String> {
    let lasting = [
        "cannot connect to",
        " does not answer as a PostgreSQL server",
        "ERROR 27000: ",
        "ERROR 42501: row-level security",
        "ERROR 55000: ",
        " is not the target that this command began with",
        " 53100: ",
    ];
    let mut last_words = ended.stderr.lines().filter(|line| line.starts_with("rotate-driver: "));
    let reason = last_words.rfind(|line| !line.contains(TRYING)).unwrap_or_default();
    let excused = match ended.code {
        Some(0 | 4) => true,
        Some(1) => lasting.iter().any(|excuse| reason.contains(excuse)),
        _ => false,
    };
    (!excused).then(|| format!("exit code {:?}: {}", ended.code, ended.stderr.trim()))
}
