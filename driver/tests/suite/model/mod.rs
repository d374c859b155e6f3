//! A model check: random sequences of calls and of the application's writes, on a few sessions of a real server,
//! beside a small model of who has which token. `MODEL_SEED=7 MODEL_STEPS=100000 cargo test the_model` makes a longer
//! one; the seed that is printed when it fails repeats the sequence that did.

mod calls;
mod evidence;
mod properties;
mod session;
mod shape;
mod tickets;
mod transactions;
mod view;
mod world;
mod writes;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::common::{Database, Server, number};
use session::Session;
use world::World;

/// Of one table: enough for a few runs of it.
const STEPS_OF_A_CASE: usize = 150;
const FIRST_TICKETS: usize = 12;

type Action = fn(&mut World, usize);

/// A session that calls nothing, so that its transactions hold up nobody: some are open for as long as a run takes.
const OF_THE_APPLICATION: usize = 2;
/// So many of the actions are calls, the first ones.
const CALLS: usize = 3;

/// What a session does next, and how often beside the others.
const ACTIONS: [(usize, Action); 21] = [
    (36, World::drive),
    (1, World::start),
    (1, World::steer),
    (8, World::begin),
    (4, World::commit),
    (2, World::roll_back),
    (3, World::savepoint),
    (2, World::roll_back_to),
    (1, World::prepare),
    (1, World::end_prepared),
    (1, World::terminate_any),
    (1, World::cancel_call),
    (5, World::insert),
    (4, World::insert_next),
    (4, World::delete),
    (5, World::update_another_column),
    (4, World::write_token),
    (5, World::restore_token),
    (3, World::restore_ticket),
    (4, World::move_ticket),
    (1, World::rarely),
];

impl World {
    fn begin_case(&mut self) {
        for _ in 0..FIRST_TICKETS {
            self.insert_next(0);
        }
        self.check(0);
    }

    fn act(&mut self) {
        self.step += 1;
        let session = self.any_session();
        if self.is_overdue() {
            assert!(self.end_any(), "a call waits for nobody");
        } else {
            self.any_action(session)(self, session);
        }
        self.settle();
        self.check(session);
        if self.random.u32(..4) == 0 {
            self.check_evidence();
        }
    }

    fn any_session(&mut self) -> usize {
        let free = [0, 0, 0, 1, 1, 1, OF_THE_APPLICATION]
            .into_iter()
            .filter(|&session| self.sessions[session].is_free());
        self.random.choice(free.collect::<Vec<_>>()).expect("at most one call is under way")
    }

    fn any_action(&mut self, session: usize) -> Action {
        let actions = if session == OF_THE_APPLICATION { &ACTIONS[CALLS..] } else { &ACTIONS[..] };
        let all: usize = actions.iter().map(|(weight, _)| weight).sum();
        let mut at = self.random.usize(..all);
        for (weight, action) in actions {
            if at < *weight {
                return *action;
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }

    fn rarely(&mut self, session: usize) {
        match self.random.u32(..4) {
            0 => self.truncate(session),
            _ => self.rewrite(session),
        }
    }

    /// All transactions end, and whatever run there is comes to its end.
    fn end_case(&mut self) {
        while self.end_any() || self.call_under_way().is_some() {
            self.step += 1;
            self.settle();
            self.check(0);
        }
        self.step += 1;
        self.insert(0);
        self.steer_by(0, "resume");
        self.start(0);
        self.check(0);
        for _ in 0..200 {
            self.step += 1;
            self.rotate_after(0, "NULL", 3);
            self.settle();
            self.check(0);
            let view = self.observed();
            if view.runs.last_key_value().is_none_or(|(_, run)| run.state == "finished") {
                return self.check_evidence();
            }
        }
        panic!("the run does not come to an end");
    }
}

/// What was done, so that nobody takes sequences for a check in which nothing happens.
#[derive(Default)]
struct Tally {
    steps: usize,
    batches: usize,
    swept: usize,
    finished: usize,
}

impl Tally {
    fn add(&mut self, world: &World) {
        let batches = world.state.ledger.iter().filter(|(_, batch)| batch.tickets > 0);
        self.steps += world.step;
        self.batches += batches.clone().count();
        self.swept += batches.filter(|((_, sweep, _), _)| *sweep > 0).count();
        self.finished += world.finished.len();
    }
}

fn check_case(
    database: &Database<'static>,
    sessions: Vec<Session>,
    seed: u64,
    tally: &mut Tally,
) -> Vec<Session> {
    let mut world = World::new(Database::of_tests(database.server, &database.name), sessions, seed);
    let result = catch_unwind(AssertUnwindSafe(|| {
        world.begin_case();
        (0..STEPS_OF_A_CASE).for_each(|_| world.act());
        world.end_case();
    }));
    if let Err(panic) = result {
        println!("{}\nMODEL_SEED={seed} repeats it, from sessions that are new", world.log.join("\n"));
        resume_unwind(panic);
    }
    tally.add(&world);
    world.sessions
}

#[test]
fn the_extension_does_what_the_model_says() {
    let database = Database::create_on(Server::shared());
    database.execute(&format!(
        "CREATE FUNCTION let_it_be() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE ROLE {0}_rotator ROLE {1}; {2}
         GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO {0}_rotator",
        database.name,
        database.role,
        database.edition().grant_ledger(&format!("{}_rotator", database.name)),
    ));
    let (mut seed, steps) = (number("MODEL_SEED", 1), number("MODEL_STEPS", 2000) as usize);
    let (mut tally, mut sessions) = (Tally::default(), Vec::new());
    while tally.steps < steps {
        sessions = check_case(&database, sessions, seed, &mut tally);
        seed += 1;
    }
    let Tally { steps, batches, swept, finished } = tally;
    println!(
        "{steps} steps up to seed {}: {batches} batches, {swept} of sweeps, {finished} ends of runs",
        seed - 1
    );
    assert!(finished > 0 && swept > 0 && batches > 3 * finished, "hardly anything was rotated");
}
