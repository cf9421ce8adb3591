//! What the design needs to be right, one small story each. The model test tells many more, but says less when it
//! fails.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use bytesio::{Kind, Whence};

use crate::body::{BULK, Body, PAGE, assert_same};
use crate::process::{alone, mappings};

/// A hundred pages, less a bit.
const SIZE: usize = 100 * PAGE - 7;

#[test]
fn the_frozen_length_is_the_maximum_over_all_snapshots() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.truncate(PAGE);
        body.snap();
        body.write(50 * PAGE, 10, 2);
        body.append(BULK, 3);
        body.check();
    });
}

#[test]
fn the_gap_is_an_overwrite_that_begins_at_the_old_end() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.truncate(PAGE + 1);
        body.write(SIZE + PAGE, 1, 2);
        body.check();
    });
}

#[test]
fn the_private_part_covers_all_that_any_snapshot_of_the_file_covers() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.write(0, 1, 2);
        body.truncate(10 * PAGE);
        body.snap();
        body.write(0, 1, 3);
        // Beyond the last snapshot, below the first, by each way of writing.
        body.append(PAGE, 4);
        body.check();
        body.append(BULK, 5);
        body.check();
    });
}

#[test]
fn pages_are_not_written_back_while_an_older_snapshot_needs_them() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        for round in 0..5 {
            body.snap();
            body.write(round * PAGE, 3, 2 + round as u64);
            body.check();
        }
        // With the older ones gone, they are; the newest must not notice.
        while body.kept.len() > 1 {
            body.drop_kept(0);
            body.snap();
            body.write(7 * PAGE, 3, 9);
            body.check();
            body.drop_kept(0);
        }
    });
}

#[test]
fn what_was_appended_in_a_range_of_its_own_goes_when_the_range_takes_its_turn() {
    alone(|| {
        // So long that what changes is little of it.
        let size = 10 * SIZE;
        for cut in [false, true] {
            let mut body = Body::mapped(size, 1);
            body.snap();
            body.write(0, 1, 2);
            // In place, in the range that is private now; by small pieces, which nobody is asked about.
            (0..40).for_each(|seed| body.append(PAGE / 2, seed));
            if cut {
                body.truncate(size);
            }
            body.snap();
            // Another range has its turn, and writes something else there.
            body.write(PAGE, 1, 3);
            body.resize(size);
            (0..40).for_each(|seed| body.append(PAGE / 2, 100 + seed));
            // The first one again.
            body.kept.clear();
            body.snap();
            body.write(2 * PAGE, 1, 4);
            body.check();
        }
    });
}

#[test]
fn nobody_takes_over_a_block_that_has_a_successor() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        let mut clone = body.duplicate();
        body.write(0, 1, 2);
        // The clone alone holds the old block now. Its file is the successor's.
        for page in [1, 40, 98] {
            clone.write(page * PAGE, 2 * PAGE, 3);
            clone.check();
            body.check();
        }
        clone.append(2 * BULK, 4);
        body.append(2 * BULK, 5);
        clone.check();
        body.check();
    });
}

#[test]
fn nobody_takes_over_the_memory_of_a_snapshot_under_a_view() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.show(true);
        let snapshot = body.stream().getvalue().unwrap();
        let mut heir = Body::over(snapshot.into_stream().unwrap_or_else(|_| panic!()), body.bytes.clone());
        heir.write(3 * PAGE, 2 * PAGE, 2);
        heir.append(BULK, 3);
        body.raw(4 * PAGE, PAGE, 4);
        body.check();
        heir.check();
    });
}

#[test]
fn the_last_page_of_a_write_is_taken_over_too() {
    alone(|| {
        for (at, n) in [(PAGE - 1, 2), (0, 1), (3 * PAGE, 2 * PAGE), (3 * PAGE + 1, 2 * PAGE), (SIZE - 1, 1)] {
            let mut body = Body::mapped(SIZE, 1);
            body.snap();
            body.write(at, n, 2);
            body.snap();
            body.write(90 * PAGE, 1, 3);
            body.check();
        }
    });
}

#[test]
fn a_snapshot_under_a_view_is_the_same_again_only_if_nothing_has_changed() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.show(true);
        let first = body.stream().getvalue().unwrap();
        assert_eq!(first.as_ptr(), body.stream().getvalue().unwrap().as_ptr());
        body.raw(SIZE - 1, 1, 2);
        let second = body.stream().getvalue().unwrap();
        assert_ne!(first.as_ptr(), second.as_ptr());
        assert_same("the second", &second, &body.bytes);
        body.raw(SIZE / 2, 1, 3);
        assert_same("the second, later", &second[SIZE - 1..], &body.bytes[SIZE - 1..]);
    });
}

/// Makes the last page's content the same in all of a test's stages.
fn level(body: &mut Body) {
    body.write(99 * PAGE, 10, 77);
}

#[test]
fn a_snapshot_under_a_view_is_not_that_of_an_earlier_block() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        level(&mut body);
        body.show(true);
        body.snap();
        body.hide();
        // A new block of the same length, in which everything differs but the page that is written last.
        let early = body.kept[0].bytes.clone();
        let whole = body.stream().getvalue().unwrap();
        body.clear();
        drop(whole);
        body.append(SIZE, 2);
        body.put(99 * PAGE, &early[99 * PAGE..]);
        let whole = body.stream().getvalue().unwrap();
        level(&mut body);
        drop(whole);
        body.show(true);
        body.snap();
        body.check();
    });
}

#[test]
fn a_snapshot_under_a_view_is_not_an_earlier_copy() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        level(&mut body);
        body.show(true);
        body.snap();
        // So much that the next snapshot is a copy on the heap, for the first one forbids writing back.
        (0..90).for_each(|page| body.raw(page * PAGE, PAGE, 2));
        body.snap();
        body.drop_kept(0);
        body.raw(5 * PAGE, 1, 3);
        body.hide();
        let whole = body.stream().getvalue().unwrap();
        level(&mut body);
        drop(whole);
        body.show(true);
        body.snap();
        body.check();
    });
}

#[test]
fn many_snapshots_of_one_stream_are_one_file() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        // Few enough that copying what changed stays cheaper than a new file.
        for round in 0..10 {
            body.snap();
            body.write((round * 31 % 90) * PAGE, 8, round as u64);
        }
        body.check();
        assert_eq!(body.kind(), Kind::Mapped);
        assert_eq!(crate::process::files().len(), 1, "descriptors are one per mapped block at most");
        assert!(mappings() >= 10, "each snapshot has kept its pages");
    });
}

#[test]
fn a_clone_does_not_take_over_a_block_while_its_owner_leaves_it() {
    alone(|| {
        let end = Instant::now() + Duration::from_secs(2);
        let mut seed = 0;
        while Instant::now() < end {
            let mut body = Body::mapped(8 * PAGE, seed);
            let mut clone = body.duplicate();
            let start = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    start.wait();
                    clone.write(3 * PAGE, 9, 2);
                    clone.append(9, 4);
                });
                start.wait();
                body.write(5 * PAGE, 9, 3);
                body.append(9, 5);
            });
            body.check();
            clone.check();
            seed += 1;
        }
    });
}

/// The range that comes back has to lose those pages: the file has later bytes there.
#[test]
fn pages_that_were_appended_in_place_are_let_go_too() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.write(0, 1, 2);
        body.drop_kept(0);
        // In the stream's private range now, behind what it began with.
        (0..3).for_each(|i| body.append(PAGE, 3 + i));
        body.snap();
        body.write(0, 1, 4);
        body.drop_kept(0);
        body.write(SIZE + 2 * PAGE, 1, 7);
        body.snap();
        body.write(0, 1, 6);
        body.check();
    });
}

/// A window is as long as there is room, whatever was asked for; what is cut off again was there, too.
#[test]
fn pages_that_a_window_reached_are_let_go_too() {
    alone(|| {
        let mut body = Body::mapped(SIZE, 1);
        body.snap();
        body.write(0, 1, 2);
        body.drop_kept(0);
        let stream = body.stream();
        stream.seek(0, Whence::End).unwrap();
        let (window, room) = stream.prepare(1).unwrap();
        // SAFETY: the window, which is so long.
        unsafe { window.write_bytes(3, room) };
        stream.commit(3 * PAGE).unwrap();
        stream.truncate(SIZE as u64).unwrap();
        body.snap();
        body.write(0, 1, 4);
        body.drop_kept(0);
        body.resize(SIZE + 3 * PAGE);
        body.snap();
        body.write(0, 1, 6);
        body.check();
    });
}

#[test]
fn a_snapshot_under_a_view_is_not_a_longer_one_that_begins_alike() {
    alone(|| {
        let mut body = Body::mapped(4 << 20, 1);
        body.snap();
        body.write(0, 1, 2);
        body.show(true);
        body.snap();
        body.hide();
        body.truncate(1 << 20);
        // Watched from here on, as pages are shared.
        body.show(true);
        body.snap();
        body.check();
    });
}
