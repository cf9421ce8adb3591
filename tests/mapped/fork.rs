//! fork(2), in both directions: from every state that a mapped stream can be in, by everything that can be done to it.
//!
//! Parent and child do the same kind of thing with other bytes, in turns: each looks at its own after the other has
//! written.

use bytesio::{Input, Whence};

use crate::body::{BULK, Body, PAGE, options, pattern};
use crate::process::{Peer, Side, alone, part_ways};

/// More than the least file, so that every part of a mapping is in use.
const SIZE: usize = (5 << 20) / 2 + 123;

/// How a stream may have come to the fork.
type Beginning = (&'static str, fn() -> Body);

/// With no view open: the length may change.
const FREE: [Beginning; 7] = [
    ("fresh", || Body::mapped(SIZE, 1)),
    ("under a snapshot", || {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body
    }),
    ("after a fork of the block, with the snapshot kept", overwritten),
    ("after a fork of the block, alone again", || {
        let mut body = overwritten();
        body.drop_kept(0);
        body
    }),
    ("after two, with appended bytes and a snapshot of them", || {
        let mut body = overwritten();
        body.append(10 * PAGE + 1, 3);
        body.snap();
        body.write(PAGE - 1, 2, 4);
        body.append(BULK, 5);
        body.snap();
        body
    }),
    ("after a snapshot under a view", || {
        let mut body = shown();
        body.hide();
        body
    }),
    ("a clone whose original lives", || {
        let mut body = Body::mapped(SIZE, 1);
        let clone = body.duplicate();
        body.write(0, 1, 2);
        clone
    }),
];

/// With a view open.
const SHOWN: [Beginning; 4] = [
    ("under a writable view", || {
        let mut body = overwritten();
        body.show(true);
        body
    }),
    ("under a writable view, shared", || {
        let mut body = Body::mapped(SIZE, 1);
        body.show(true);
        body
    }),
    ("under a writable view, with a snapshot since", shown),
    ("under a read-only view", || {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.show(false);
        body
    }),
];

fn overwritten() -> Body {
    let mut body = Body::mapped(SIZE, 1);
    body.snap();
    body.write(SIZE / 3, 2 * PAGE, 2);
    body
}

fn shown() -> Body {
    let mut body = Body::mapped(SIZE, 1);
    body.show(true);
    body.raw(SIZE / 2, 100, 2);
    body.snap();
    body.raw(SIZE / 2, 100, 3);
    body
}

/// What a process does to its stream; the seed is another one in the other process.
type Act = fn(&mut Body, u64);

/// Three rounds of an act in both processes, in turns.
fn from_each(beginnings: &[Beginning], act: Act) {
    for (name, begin) in beginnings {
        eprintln!("{name}");
        let mut bodies = vec![begin()];
        part_ways(&mut bodies, &|bodies, side, peer| {
            let body = &mut bodies[0];
            for round in 0..3 {
                for turn in [Side::Parent, Side::Child] {
                    if side == turn {
                        act(body, side.seed(10 + round));
                    }
                    peer.meet();
                    body.check();
                    peer.meet();
                }
            }
        });
        // Alone again, and forked before: that must not show either.
        bodies[0].snap();
        act(&mut bodies[0], 99);
        bodies[0].check();
    }
}

/// Small and large overwrites near the front, at page boundaries, and at the end.
fn overwrite(body: &mut Body, seed: u64) {
    let len = body.bytes.len();
    for (i, (at, n)) in
        [(1, 30), (7 * PAGE - 3, 6), (30 * PAGE, 2 * BULK), (len - BULK, BULK), (len - 5, 5)].iter().enumerate()
    {
        body.write(*at, *n, seed * 8 + i as u64);
    }
}

#[test]
fn overwrites() {
    alone(|| from_each(&FREE, overwrite));
}

#[test]
fn overwrites_under_views() {
    alone(|| from_each(&SHOWN, overwrite));
}

#[test]
fn overwrites_under_a_snapshot() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            body.snap();
            overwrite(body, seed);
            body.snap();
            body.write(3 * PAGE, 1, seed);
        });
    });
}

#[test]
fn small_appends_in_place() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            for i in 0..40 {
                body.append(1 + i as usize * 7, seed * 64 + i);
            }
        });
    });
}

#[test]
fn large_appends_through_the_file() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            body.append(BULK, seed);
            body.append(3 * BULK + 1, seed + 1);
        });
    });
}

#[test]
fn appends_that_outgrow_the_file() {
    alone(|| {
        from_each(&FREE[..5], |body, seed| {
            // Files are made four times as long as needed at first.
            if body.bytes.len() < 5 * SIZE {
                body.append(5 * SIZE, seed);
            }
            body.append(10, seed);
        });
    });
}

#[test]
fn truncation_and_gaps() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            let cut = body.bytes.len() / 2 + seed as usize;
            body.truncate(cut);
            body.write(cut + 3 * PAGE, 20, seed);
            body.resize(SIZE);
        });
    });
}

#[test]
fn clearing_and_filling_again() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            body.clear();
            body.append(SIZE, seed);
        });
    });
}

#[test]
fn raw_writes_through_views_open_across_the_fork() {
    alone(|| {
        from_each(&SHOWN[..3], |body, seed| {
            body.raw(SIZE / 2, PAGE, seed);
            body.raw(0, 3, seed);
            body.snap();
            body.raw(SIZE - 9, 9, seed);
            body.raw(SIZE / 2, 2, seed + 1);
            body.snap();
        });
    });
}

#[test]
fn views_opened_after_the_fork() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            body.show(true);
            body.raw(BULK, PAGE + 2, seed);
            body.snap();
            body.raw(BULK, 2, seed + 1);
            body.hide();
            body.append(9, seed);
        });
    });
}

#[test]
fn clones_and_final_snapshots() {
    alone(|| {
        from_each(&FREE, |body, seed| {
            let mut clone = body.duplicate();
            clone.write(PAGE, 10, seed);
            body.write(PAGE, 10, seed + 1);
            clone.append(BULK, seed);
            clone.check();
            body.check();
            clone.reincarnate();
            clone.write(0, 1, seed + 2);
            clone.check();
        });
    });
}

#[test]
fn windows_open_across_the_fork() {
    alone(|| {
        for (name, begin) in FREE {
            eprintln!("{name}");
            let mut bodies = vec![begin()];
            let (window, n) = {
                let stream = bodies[0].stream();
                stream.seek(0, Whence::End).unwrap();
                (stream.prepare(3 * PAGE).unwrap().0, 3 * PAGE)
            };
            part_ways(&mut bodies, &|bodies, side, peer: &Peer| {
                let (body, data) = (&mut bodies[0], pattern(n, side.seed(5)));
                if let Some(stream) = &body.stream {
                    // SAFETY: the window is open, and as long as that.
                    unsafe { window.as_ptr().copy_from_nonoverlapping(data.as_ptr(), n) };
                    peer.meet();
                    stream.commit(n).unwrap();
                }
                body.bytes.extend_from_slice(&data);
                body.check();
                peer.meet();
            });
        }
    });
}

#[test]
fn writes_from_snapshots_taken_before_the_fork() {
    alone(|| {
        from_each(&FREE[1..], |body, seed| {
            let source = body.kept.first().map(|kept| kept.bytes[PAGE..PAGE + BULK].to_vec());
            let source = source.unwrap_or_else(|| pattern(BULK, seed));
            let mut other = body
                .stream
                .as_ref()
                .map(|_| Body::over(bytesio::Stream::with_options(&options()).unwrap(), Vec::new()));
            other.iter_mut().for_each(|other| other.put(0, &source));
            body.put(seed as usize * PAGE, &source);
            if let Some(stream) = &body.stream {
                stream.write(Input::from(&[][..])).unwrap();
            }
            other.iter().for_each(Body::check);
        });
    });
}
