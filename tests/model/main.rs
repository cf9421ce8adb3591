//! Long random operation lists, run against a naive model: a vector and a position.
//!
//! After every step every stream, view and snapshot is compared with what the model says it is, and every
//! error is the one that the model predicts. Allocations fail at random. `PROPTEST_CASES` sets the number of
//! cases and `PROPTEST_RNG_SEED` where they begin; a failing case is printed in its shortest form.

mod amounts;
mod borrow_ops;
#[path = "../common/mod.rs"]
mod common;
mod draw;
mod naive;
mod ops;
mod stream_ops;
mod view_ops;
mod window_ops;
mod world;

use std::cell::Cell;
use std::panic;
use std::sync::{Mutex, PoisonError};

use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};

/// Five to ten seconds on one core, unoptimised, for short streams and for long ones together.
const CASES: u32 = 200;
const LONG_CASES: u32 = 40;

fn config(cases: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

static ALONE: Mutex<()> = Mutex::new(());

/// Runs cases; says how often blocks were brought up to date in them, and how many cases there were.
fn run(cases: u32, case: impl Strategy<Value = ops::Case>) -> (world::Updates, u64) {
    let config = config(cases);
    let cases = config.cases.into();
    let mut runner = TestRunner::new(config);
    let all = Cell::new(world::Updates::default());
    // The hook is the process's: one test at a time.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Making a case shorter takes thousands of panics; the runner gives the last one's message itself.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = runner.run(&(case, any::<u8>()), |(case, seed)| {
        let mut world = world::World::new();
        case.0.iter().for_each(|step| world.step(step));
        all.set(all.get() + world.updates);
        world.end(seed);
        Ok(())
    });
    panic::set_hook(hook);
    if let Err(failure) = result {
        panic!("{failure}");
    }
    (all.get(), cases)
}

#[test]
fn streams_do_what_the_model_does() {
    run(CASES, draw::case(1..600));
}

#[test]
fn long_streams_do_what_the_model_does() {
    let (updates, cases) = run(LONG_CASES, draw::long_case(1..800));
    // What these cases are for: blocks that come back, to be written or handed out again.
    assert!(updates.by_changes > cases && updates.by_captures > cases, "{updates:?} in {cases} cases");
}
