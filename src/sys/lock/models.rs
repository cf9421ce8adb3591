//! Both gates under the loom model checker, see `sys::model`. With more than three preemptions it would take hours.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::biased::{Biased, kernel::Kernel};
use super::plain::Plain;
use super::{Gate, Lock, Value};

/// Plain data: loom reports any two accesses that are not ordered.
struct Sum(UnsafeCell<usize>);

impl Value for Sum {
    fn poison(&mut self) {}
}

impl Sum {
    fn add(&mut self) {
        // SAFETY: loom checks it.
        self.0.with_mut(|sum| unsafe { *sum += 1 });
    }
}

type Shared<G> = Arc<Lock<Sum, G>>;

/// What a thread does with the lock, once or several times.
type Use<G> = fn(&Lock<Sum, G>);

fn long<G: Gate>(lock: &Lock<Sum, G>) {
    lock.with(Sum::add);
}

fn short<G: Gate>(lock: &Lock<Sum, G>) {
    if lock.try_fast((), |sum, ()| sum.add()).is_none() {
        long(lock);
    }
}

/// Each list by a thread of its own, after `first` by the thread that then does the last one: every use has happened
/// once.
fn check<G: Gate + Send + 'static>(first: &'static [Use<G>], threads: &'static [&'static [Use<G>]]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let lock: Shared<G> = Arc::new(Lock::new(Sum(UnsafeCell::new(0)), false));
        let run = |uses: &[Use<G>], lock: &Lock<Sum, G>| uses.iter().for_each(|f| f(lock));
        run(first, &lock);
        let (own, others) = threads.split_last().expect("one at least");
        let others: Vec<_> = others
            .iter()
            .map(|uses| {
                let lock = Arc::clone(&lock);
                thread::spawn(move || run(uses, &lock))
            })
            .collect();
        run(own, &lock);
        others.into_iter().for_each(|thread| thread.join().expect("no panic"));
        let all = first.len() + threads.iter().map(|uses| uses.len()).sum::<usize>();
        // SAFETY: loom checks it.
        assert_eq!(lock.with(|sum| sum.0.with(|sum| unsafe { *sum })), all);
    });
}

type Fenced = Biased<Kernel<true>>;
type Unfenced = Biased<Kernel<false>>;

#[test]
fn the_plain_gate_lets_one_in_at_a_time() {
    check::<Plain>(&[], &[&[long], &[long], &[long]]);
}

#[test]
fn a_bias_is_taken_back_from_short_stays() {
    check::<Fenced>(&[long], &[&[long], &[short, short]]);
}

#[test]
fn a_bias_is_taken_back_from_long_stays_which_wake() {
    check::<Fenced>(&[long], &[&[long], &[long, long]]);
}

#[test]
fn two_threads_take_one_bias_back() {
    check::<Fenced>(&[long], &[&[long], &[short], &[short]]);
}

#[test]
fn a_bias_that_moves_on_is_not_disturbed_by_its_former_owner() {
    // The other thread's second use biases the gate towards it, and its third one is by that bias.
    check::<Fenced>(&[long], &[&[long, long, short], &[short, long]]);
}

#[test]
fn a_gate_that_nobody_has_to_himself_is_a_mutex() {
    check::<Fenced>(&[], &[&[long], &[short, long]]);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn without_a_fence_two_are_inside_at_once() {
    check::<Unfenced>(&[long], &[&[long], &[short, short]]);
}
