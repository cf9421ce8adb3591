//! The model test and the soak: random operations on several streams, their clones, snapshots and views.
//!
//! Sizes are near page boundaries and near that of a large write more often than elsewhere; half of what is
//! overwritten lies under a snapshot. Whatever is alive is compared with its model again and again.

use std::thread;
use std::time::{Duration, Instant};

use bytesio::{Access, Kind, Options, Statistics};

use crate::body::{BULK, Body, Kept, PAGE, Random};
use crate::process::{alone_with, descriptors, files, mappings, variable};

/// No stream is longer for long.
const MOST: usize = 2 << 20;
/// So many streams at a time, and snapshots of each.
const STREAMS: usize = 4;
const SNAPSHOTS: usize = 12;
/// Cases of the model test, and steps of each.
const CASES: u64 = 30;
const STEPS: usize = 150;

/// Streams made from snapshots are mapped from the first byte on, too.
const EARLY: [(&str, &str); 1] = [("BYTESIO_MAPPED_FROM", "1")];

/// Several streams that things happen to.
struct World {
    seed: u64,
    random: Random,
    bodies: Vec<Body>,
    /// What has happened, for the case that it ends badly.
    log: Vec<String>,
    /// From which size on blocks are mapped.
    mapped_from: usize,
    met: Met,
}

/// What has been met on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// Steps after which a stream was mapped.
    mapped: usize,
    /// Blocks brought up to date: for changes, and for captures under views.
    by_changes: u64,
    by_captures: u64,
}

impl std::iter::Sum for Met {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            mapped: a.mapped + b.mapped,
            by_changes: a.by_changes + b.by_changes,
            by_captures: a.by_captures + b.by_captures,
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            let last = &self.log[self.log.len().saturating_sub(40)..];
            eprintln!("MAPPED_SEED={}; the last of {} steps:\n{}", self.seed, self.log.len(), last.join("\n"));
        }
    }
}

impl World {
    fn new(seed: u64, mapped_from: usize) -> Self {
        let random = Random::new(seed);
        Self { seed, random, bodies: Vec::new(), log: Vec::new(), mapped_from, met: Met::default() }
    }

    /// A number of bytes.
    fn size(&mut self) -> usize {
        let random = &mut self.random;
        let around = |n: usize, random: &mut Random| (n + random.below(5)).saturating_sub(2);
        match random.below(10) {
            0..3 => 1 + random.below(100),
            3..6 => {
                let pages = 1 + random.below(12);
                around(pages * PAGE, random)
            }
            6 => around(BULK, random),
            7 => BULK + random.below(4 * BULK),
            8 => random.below(16 * PAGE),
            _ => random.below(MOST),
        }
    }

    /// A place in the content, or its end.
    fn place(&mut self, which: usize) -> usize {
        let (body, random) = (&self.bodies[which], &mut self.random);
        let len = body.bytes.len();
        let marks = body.kept.len();
        let near = match random.below(4) {
            0 if marks > 0 => body.kept[random.below(marks)].bytes.len(),
            0 | 1 => random.below(len / PAGE + 1) * PAGE,
            2 => len,
            _ => random.below(len + 1),
        };
        (near + random.below(5)).saturating_sub(2).min(len)
    }

    fn step(&mut self) {
        if self.bodies.is_empty() || self.bodies.len() < STREAMS && self.random.once_in(20) {
            // Some are so long from the start that raw writes to them are watched.
            let n = if self.random.once_in(3) { MOST / 2 } else { self.size() };
            self.log.push(format!("stream {} of {n}", self.bodies.len()));
            let mut body = Body::empty_with(&Options { mapped_from: self.mapped_from, ..Options::default() });
            body.append(n, self.random.next());
            self.bodies.push(body);
        }
        let which = self.random.below(self.bodies.len());
        let viewed = self.bodies[which].view().is_some();
        let before = self.statistics(which);
        if viewed {
            self.step_under_view(which);
        } else {
            self.step_alone(which);
        }
        let Some(body) = self.bodies.get(which) else { return };
        body.check_content();
        self.met.mapped += usize::from(body.kind() == Kind::Mapped);
        // Another stream may have come in its place.
        let updates = self.statistics(which).updates.saturating_sub(before.updates);
        *if viewed { &mut self.met.by_captures } else { &mut self.met.by_changes } += updates;
        if self.random.once_in(12) {
            self.bodies.iter().for_each(Body::check);
        }
    }

    fn statistics(&self, which: usize) -> Statistics {
        self.bodies[which].stream().statistics().unwrap().0
    }

    fn note(&mut self, which: usize, what: &str, at: usize, n: usize) {
        self.log.push(format!("  {which}: {what} at {at}, {n}; {} long", self.bodies[which].bytes.len()));
    }

    /// What changes bytes, but not the length.
    fn overwrite(&mut self, which: usize) {
        let at = self.place(which);
        let n = self.size().min(self.bodies[which].bytes.len() - at);
        self.note(which, "overwrite", at, n);
        let seed = self.random.next();
        self.bodies[which].write(at, n, seed);
    }

    /// As [`overwrite`](Self::overwrite), with bytes that are there or were there.
    fn repeat(&mut self, which: usize) {
        let (at, wanted) = (self.place(which), self.size());
        let body = &self.bodies[which];
        let (len, marks) = (body.bytes.len(), body.kept.len());
        if marks > 0 && self.random.once_in(2) {
            let kept = self.random.below(marks);
            let there = body.kept[kept].bytes.len().min(len);
            let (at, n) = (at.min(there), wanted.min(there.saturating_sub(at)));
            self.note(which, "put back", at, n);
            self.bodies[which].put_back(kept, at, n);
        } else {
            let from = self.place(which);
            let n = wanted.min(len - at.max(from));
            self.note(which, &format!("move from {from}"), at, n);
            self.bodies[which].move_within(from, n, at);
        }
    }

    fn snap(&mut self, which: usize) {
        self.note(which, "snapshot", 0, 0);
        self.bodies[which].snap();
        if self.bodies[which].kept.len() > SNAPSHOTS {
            self.forget(which);
        }
    }

    fn forget(&mut self, which: usize) {
        let kept = self.bodies[which].kept.len();
        if kept > 0 {
            let gone = self.random.below(kept);
            self.note(which, "forget", gone, kept);
            // Looked at for the last time.
            self.bodies[which].kept[gone].check();
            if self.random.once_in(8) {
                self.bodies[which].drop_kept_elsewhere(gone);
            } else {
                self.bodies[which].drop_kept(gone);
            }
        }
    }

    fn step_under_view(&mut self, which: usize) {
        let readonly = self.bodies[which].view().is_some_and(|view| view.is_readonly());
        match self.random.below(12) {
            0..3 => self.snap(which),
            3 => self.forget(which),
            10 => {
                self.note(which, "show beside", 0, 0);
                let slice = self.random.once_in(2);
                let access = [Access::ReadOnly, Access::Writable, Access::Pinned][self.random.below(3)];
                self.bodies[which].show_beside(access, slice);
            }
            4 if self.random.once_in(2) => self.repeat(which),
            4 => self.overwrite(which),
            5 => {
                self.note(which, "hide", 0, 0);
                if self.random.once_in(2) {
                    self.bodies[which].hide();
                } else {
                    self.bodies[which].hide_one_by_one();
                }
            }
            _ if readonly => self.overwrite(which),
            8 | 9 => self.publish_raw(which),
            _ => {
                let (at, n, seed) = (self.place(which), self.size(), self.random.next());
                self.note(which, "raw", at, n);
                if self.random.once_in(4) {
                    self.bodies[which].raw_read(at, n, seed);
                } else {
                    self.bodies[which].raw(at, n, seed);
                }
            }
        }
    }

    fn step_alone(&mut self, which: usize) {
        let seed = self.random.next();
        let len = self.bodies[which].bytes.len();
        match self.random.below(40) {
            0..5 => self.snap(which),
            5..8 => self.forget(which),
            8..13 => {
                self.snap(which);
                self.overwrite(which);
            }
            13 | 14 => self.overwrite(which),
            15 => self.repeat(which),
            16..20 if len < MOST => {
                let n = self.size();
                self.note(which, "append", len, n);
                self.bodies[which].append(n, seed);
            }
            20 | 21 if len < MOST => {
                let (gap, n) = (self.size(), self.size());
                self.note(which, "gap", len + gap, n);
                self.bodies[which].write(len + gap, n, seed);
            }
            22 if len < MOST => {
                let at = self.place(which);
                let n = self.size() + len - at;
                self.note(which, "across the end", at, n);
                self.bodies[which].write(at, n, seed);
            }
            16..25 => {
                let at = self.place(which);
                self.note(which, "truncate", at, 0);
                self.bodies[which].truncate(at);
                if self.random.once_in(2) {
                    self.snap(which);
                }
            }
            25 => {
                let n = self.size();
                self.note(which, "resize", 0, n);
                self.bodies[which].resize(n);
            }
            26 | 27 => {
                let access = [Access::ReadOnly, Access::Writable, Access::Writable, Access::Pinned];
                let access = access[self.random.below(4)];
                self.note(which, "show", 0, usize::from(access != Access::ReadOnly));
                self.bodies[which].show_for(access);
            }
            31..35 => self.publish(which),
            35 if len < MOST => {
                let (at, n) = (self.place(which), self.size());
                self.note(which, "read from a descriptor", at, n);
                self.bodies[which].read_fd(at, n, seed);
            }
            36 => {
                self.note(which, "trim", 0, 0);
                bytesio::trim();
            }
            37 => self.clone_or_drop(which),
            28 if self.random.once_in(3) => {
                self.note(which, "clear", 0, 0);
                self.bodies[which].clear();
            }
            29 => {
                self.note(which, "shrink", 0, 0);
                self.bodies[which].stream().shrink_to_fit().unwrap();
            }
            30 => {
                self.note(which, "close and go on", 0, 0);
                self.bodies[which].reincarnate();
            }
            _ => self.clone_or_drop(which),
        }
    }

    /// The same under a writable view: values between raw writes.
    fn publish_raw(&mut self, which: usize) {
        let depth = self.random.below(4);
        for _ in 0..1 + self.random.below(6) {
            self.snap(which);
            while self.bodies[which].kept.len() > depth {
                self.forget(which);
            }
            let (at, n, seed) = (self.place(which), 1 + self.random.below(2 * PAGE), self.random.next());
            self.note(which, "publish raw", at, n);
            self.bodies[which].raw(at, n, seed);
        }
    }

    /// Small changes, each after a value was taken and others were let go: what blocks come back for.
    fn publish(&mut self, which: usize) {
        let depth = self.random.below(4);
        for _ in 0..1 + self.random.below(6) {
            self.snap(which);
            while self.bodies[which].kept.len() > depth {
                self.forget(which);
            }
            let (at, seed) = (self.place(which), self.random.next());
            let n = (1 + self.random.below(2 * PAGE)).min(self.bodies[which].bytes.len() - at);
            self.note(which, "publish", at, n);
            self.bodies[which].write(at, n, seed);
        }
    }

    fn clone_or_drop(&mut self, which: usize) {
        if self.bodies.len() < STREAMS {
            self.note(which, "clone", self.bodies.len(), 0);
            let clone = self.bodies[which].duplicate();
            self.bodies.push(clone);
        } else {
            self.note(which, "drop", 0, 0);
            // Its snapshots go to another stream, and outlive it.
            let mut gone = self.bodies.swap_remove(which);
            let kept: Vec<Kept> = gone.kept.drain(..).collect();
            drop(gone);
            self.bodies[0].kept.extend(kept.into_iter().take(2));
        }
    }

    fn run(mut self, steps: usize) -> Met {
        for _ in 0..steps {
            self.step();
        }
        self.bodies.iter().for_each(Body::check);
        self.met
    }
}

/// Runs all cases, or the one that was asked for.
fn cases(mapped_from: usize) -> (Met, u64) {
    if let Some(seed) = variable("MAPPED_SEED") {
        return (World::new(seed, mapped_from).run(STEPS), 0);
    }
    let cases = CASES * variable("MAPPED_CASES").unwrap_or(1);
    let met = (0..cases).map(|seed| World::new(seed, mapped_from).run(STEPS)).sum();
    bytesio::trim();
    assert_eq!((files().len(), mappings()), (0, 0));
    (met, cases)
}

#[test]
fn streams_do_what_the_model_does() {
    alone_with(&EARLY, || {
        let (met, cases) = cases(1);
        assert!(met.mapped >= cases as usize * STEPS / 2, "{met:?}");
        assert!(met.by_captures >= cases, "{met:?}");
    });
}

/// Without mapped blocks, older ones are brought up to date.
#[test]
fn streams_on_the_heap_do_what_the_model_does() {
    alone_with(&[("BYTESIO_MAPPED_FROM", &usize::MAX.to_string())], || {
        let (met, cases) = cases(usize::MAX);
        assert_eq!(met.mapped, 0);
        assert!(met.by_captures >= cases && met.by_changes >= cases, "{met:?}");
    });
}

/// Blocks are mapped where emptied files are at hand, or where versions are kept.
#[test]
fn streams_of_either_kind_do_what_the_model_does() {
    alone_with(&[("BYTESIO_MAPPED_FROM", "0")], || {
        // Warm memory for the streams to come.
        drop((0..4).map(|seed| Body::mapped(MOST, seed)).collect::<Vec<_>>());
        let (met, cases) = cases(0);
        assert!(met.by_captures >= cases && met.by_changes >= cases && met.mapped >= cases as usize, "{met:?}");
    });
}

#[test]
fn a_soak_ends_as_it_began() {
    alone_with(&EARLY, || {
        // The two descriptors with which raw writes are watched are opened once in a process.
        let mut body = Body::filled(1 << 20, 1);
        body.show(true);
        (0..3).for_each(|_| body.snap());
        drop(body);
        bytesio::trim();
        let before = (descriptors(), mappings());
        let end = Instant::now() + Duration::from_secs(3 * variable("MAPPED_CASES").unwrap_or(1));
        let mut seed = 1 << 32;
        while Instant::now() < end {
            // Two threads, so that files change hands between them.
            thread::scope(|scope| {
                let other = scope.spawn(move || World::new(seed + 1, 1).run(60));
                World::new(seed, 1).run(60);
                other.join().unwrap();
            });
            seed += 2;
        }
        assert!(files().len() <= 8, "what is kept is bounded");
        bytesio::trim();
        assert_eq!((descriptors(), mappings()), before, "descriptors and mappings");
    });
}
