//! Long random operation lists, run against a naive model: a vector and a position.
//!
//! After every step every stream, view and snapshot is compared with what the model says it is, and every
//! error is the one that the model predicts. Allocations fail at random. `PROPTEST_CASES` sets the number of
//! cases and `PROPTEST_RNG_SEED` where they begin; a failing case is printed in its shortest form.

#[path = "../common/mod.rs"]
mod common;
mod naive;
mod ops;
mod stream_ops;
mod view_ops;
mod world;

use std::panic;

use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

/// Five to ten seconds on one core, unoptimised.
const CASES: u32 = 200;

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

#[test]
fn streams_do_what_the_model_does() {
    let mut runner = TestRunner::new(config());
    // Making a case shorter takes thousands of panics; the runner gives the last one's message itself.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = runner.run(&(ops::case(1..600), any::<u8>()), |(case, seed)| {
        let mut world = world::World::new();
        case.0.iter().for_each(|step| world.step(step));
        world.end(seed);
        Ok(())
    });
    panic::set_hook(hook);
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
