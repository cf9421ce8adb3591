//! Long random operation lists, run against a naive model: a vector and a position.
//!
//! After every step every stream, view and snapshot is compared with what the model says it is, and every
//! error is the one that the model predicts. Allocations fail at random. `PROPTEST_CASES` sets the number of
//! cases; a failing case is printed in its shortest form and repeated with the printed seed.

#[path = "../common/mod.rs"]
mod common;
mod naive;
mod ops;
mod stream_ops;
mod view_ops;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// Five to ten seconds on one core, unoptimised.
const CASES: u32 = 200;

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn streams_do_what_the_model_does(case in ops::case(1..600), seed in any::<u8>()) {
        let mut world = world::World::new();
        for step in &case.0 {
            world.step(step);
        }
        world.end(seed);
    }
}
