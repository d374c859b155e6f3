//! Properties of random inputs: of so many in a test, for so many minutes in `make fuzz`.

use std::env;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

/// A test tries the same inputs each time. A failure tells the smallest input that was found.
pub fn check<S: Strategy>(inputs: S, cases: u32, property: impl Fn(S::Value) -> TestCaseResult) {
    let Some(time) = time_to_fuzz() else {
        return run(&inputs, cases, RngSeed::Fixed(12), &property);
    };
    let begin = Instant::now();
    let mut tried: u64 = 0;
    while begin.elapsed() < time {
        run(&inputs, cases, RngSeed::Random, &property);
        tried += u64::from(cases);
    }
    println!("{}: {tried} cases", std::thread::current().name().unwrap_or_default());
}

fn time_to_fuzz() -> Option<Duration> {
    let minutes = env::var("FUZZ_MINUTES").ok()?;
    let minutes: u64 = minutes.parse().expect("FUZZ_MINUTES is a whole number");
    Some(Duration::from_secs(minutes * 60))
}

fn run<S: Strategy>(inputs: &S, cases: u32, seed: RngSeed, property: &impl Fn(S::Value) -> TestCaseResult) {
    let config = Config { cases, rng_seed: seed, failure_persistence: None, ..Config::default() };
    if let Err(failure) = TestRunner::new(config).run(inputs, property) {
        panic!("{failure}");
    }
}
