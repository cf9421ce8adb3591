//! fork(2) with more than one stream, thread or generation, and with memory that is kept for reuse.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::body::{BULK, Body, PAGE};
use crate::process::{Peer, Side, alone, apart, files, mappings, part_ways};

const SIZE: usize = 2 << 20;

/// Some of everything, to every stream.
fn stir(bodies: &mut [Body], seed: u64) {
    for (i, body) in (1..).zip(bodies) {
        let seed = seed * 100 + i;
        let pages = body.bytes.len() / PAGE;
        body.write((seed as usize * 37 % pages) * PAGE, PAGE + 9, seed);
        body.append(100, seed);
        body.snap();
        body.write(seed as usize % 9 * PAGE, 5, seed + 1);
        body.append(BULK + 1, seed + 2);
    }
}

/// Both sides stir, in turns, and look after each turn.
fn stir_in_turns(bodies: &mut [Body], side: Side, peer: &Peer) {
    for turn in [Side::Parent, Side::Child, Side::Parent] {
        if side == turn {
            stir(bodies, side.seed(3));
        }
        peer.meet();
        bodies.iter().for_each(Body::check);
        peer.meet();
    }
}

fn several() -> Vec<Body> {
    let mut bodies: Vec<_> = (0..6).map(|i| Body::mapped(SIZE + i * PAGE / 2, i as u64)).collect();
    stir(&mut bodies[..4], 1);
    let clone = bodies[1].duplicate();
    bodies.push(clone);
    bodies
}

/// Leaves emptied memory behind, full of somebody's bytes.
fn fill_pool() {
    let bodies: Vec<_> = (0..5).map(|i| Body::mapped(SIZE * 2, 70 + i)).collect();
    drop(bodies);
    assert!(!files().is_empty(), "something is kept for reuse");
}

#[test]
fn several_streams() {
    alone(|| part_ways(&mut several(), &|bodies, side, peer| stir_in_turns(bodies, side, peer)));
}

#[test]
fn the_child_ends_at_once() {
    alone(|| {
        let mut bodies = several();
        apart(|| ());
        bodies.iter().for_each(Body::check);
        stir(&mut bodies, 2);
        bodies.iter().for_each(Body::check);
    });
}

#[test]
fn the_child_closes_what_the_parent_goes_on_with() {
    alone(|| {
        for closer in [Side::Child, Side::Parent] {
            part_ways(&mut several(), &|bodies, side, peer| {
                if side == closer {
                    for body in bodies.iter_mut() {
                        if let Some(stream) = &body.stream {
                            stream.close().unwrap();
                        }
                        body.kept.iter().for_each(crate::body::Kept::check);
                    }
                    bodies.clear();
                    bytesio::trim();
                    // What it makes now must not be where the other's bytes are.
                    bodies.extend(several_if(!peer.is_nobody()));
                }
                peer.meet();
                stir(bodies, side.seed(4));
                peer.meet();
                bodies.iter().for_each(Body::check);
            });
        }
    });
}

/// The same streams for a shadow, whose digest is the same.
fn several_if(real: bool) -> Vec<Body> {
    let bodies = several();
    if real { bodies } else { bodies.iter().map(Body::shadow).collect() }
}

#[test]
fn memory_kept_for_reuse_is_not_shared() {
    alone(|| {
        fill_pool();
        part_ways(&mut Vec::new(), &|bodies, side, peer| {
            for round in 0..3 {
                let fresh = Body::mapped(SIZE, side.seed(round));
                bodies.push(if peer.is_nobody() { fresh.shadow() } else { fresh });
                peer.meet();
                bodies.iter().for_each(Body::check);
                stir(bodies, side.seed(round));
                peer.meet();
                bodies.iter().for_each(Body::check);
                // And what is emptied after the fork.
                drop(Body::mapped(2 * SIZE, side.seed(50 + round)));
            }
        });
    });
}

#[test]
fn trimming_on_either_side() {
    alone(|| {
        fill_pool();
        part_ways(&mut several(), &|bodies, side, peer| {
            assert_eq!(bytesio::trim(), 0, "a fork leaves nothing to be reused");
            stir_in_turns(bodies, side, peer);
            bodies.truncate(2);
            bytesio::trim();
            peer.meet();
            bodies.iter().for_each(Body::check);
            stir_in_turns(bodies, side, peer);
        });
        bytesio::trim();
        assert_eq!((files().len(), mappings()), (0, 0), "all of it is gone with the streams");
    });
}

#[test]
fn grandchildren() {
    alone(|| {
        part_ways(&mut several(), &|bodies, side, peer| {
            stir(bodies, side.seed(5));
            peer.meet();
            if side == Side::Child && !peer.is_nobody() {
                part_ways(bodies, &|bodies, side, peer| stir_in_turns(bodies, side, peer));
            } else if side == Side::Child {
                stir_in_turns(bodies, Side::Parent, peer);
            } else {
                stir(bodies, 6);
            }
            peer.meet();
            bodies.iter().for_each(Body::check);
        });
    });
}

#[test]
fn one_after_the_other() {
    alone(|| {
        let mut bodies = several();
        bodies.truncate(3);
        for round in 0..6 {
            part_ways(&mut bodies, &|bodies, side, _| stir(bodies, side.seed(round)));
            if round % 2 == 1 {
                // New blocks between the forks, and snapshots of the old ones.
                bodies.iter_mut().for_each(|body| body.snap());
                stir(&mut bodies, 40 + round);
            }
        }
    });
}

#[test]
fn while_another_thread_writes_to_another_stream() {
    alone(|| {
        let done = AtomicBool::new(false);
        let done = &done;
        thread::scope(|scope| {
            let writer = scope.spawn(move || {
                let mut body = Body::filled(SIZE / 4, 9);
                let mut rounds = 0;
                while !done.load(Ordering::Relaxed) && rounds < 100_000 {
                    body.snap();
                    body.write(rounds % 100 * PAGE, 20, rounds as u64);
                    if rounds % 16 == 0 {
                        body.check();
                        body.kept.clear();
                        body.append(BULK, rounds as u64);
                    }
                    if rounds % 64 == 0 {
                        // Another file, by way of those kept for reuse.
                        body = Body::filled(SIZE / 4, rounds as u64);
                        body.show(true);
                        body.raw(5, 100, 1);
                        body.snap();
                        body.hide();
                    }
                    rounds += 1;
                }
                body.check();
                rounds
            });
            let mut bodies: Vec<_> = (0..2).map(|i| Body::mapped(SIZE / 8, i)).collect();
            for round in 0..20 {
                part_ways(&mut bodies, &|bodies, side, _| stir(bodies, side.seed(round)));
                bodies.iter_mut().for_each(|body| body.kept.clear());
            }
            done.store(true, Ordering::Relaxed);
            assert!(writer.join().unwrap() > 0);
        });
    });
}

#[test]
fn a_snapshot_outlives_its_stream_in_one_process_only() {
    alone(|| {
        let mut bodies = several();
        // What only the snapshots hold, in shared and in private pages.
        bodies.iter_mut().for_each(|body| {
            body.snap();
            body.write(9, 9, 9);
        });
        part_ways(&mut bodies, &|bodies, side, peer| {
            if side == Side::Parent {
                bodies.clear();
                bytesio::trim();
                bodies.extend((0..8).map(|i| Body::mapped(SIZE, 30 + i)));
            }
            peer.meet();
            stir(bodies, side.seed(1));
            bodies.iter().for_each(Body::check);
            peer.meet();
        });
    });
}
