//! Every system call refused in turn: the results stay the same, and nothing is left behind.

use super::{Mapping, fork_guard};
use crate::storage::tests::{Scene, alone, pattern};
use crate::sys::linux::faults::{self, Plan};
use crate::trim;
use crate::{Access, Kind, Options, Stream};

const PAGE: usize = 4096;

fn mapped(content: &[u8]) -> Stream {
    Scene::new(1, content.to_vec()).stream
}

/// All that a mapped block can do, and some of it with and without older snapshots.
fn life() {
    let mut scene = Scene::new(1, pattern(40 * PAGE + 100, 1));
    scene.keep();
    scene.put(5, b"the first fork");
    scene.keep();
    scene.put(9 * PAGE - 3, b"over a page's end");
    scene.keep();
    scene.put(30 * PAGE, b"pages copied into the third mapping");
    scene.check();
    scene.kept.clear();
    scene.keep();
    scene.put(12 * PAGE, b"pages written back");
    scene.put(scene.model.len(), &pattern(super::BULK + 10, 2));
    scene.check();
    // The high-water mark: what was cut off is still a snapshot's.
    scene.keep();
    scene.stream.truncate(PAGE as u64 / 2).unwrap();
    scene.model.truncate(PAGE / 2);
    scene.keep();
    scene.put(PAGE, &pattern(3 * super::BULK, 3));
    scene.check();
    live_view(&mut scene);
    scene.kept.clear();
    scene.stream.shrink_to_fit().unwrap();
    // Beyond what was mapped ahead.
    scene.put(scene.model.len(), &pattern(3 << 20, 4));
    scene.check();
    let twin = scene.stream.duplicate().unwrap();
    let before = scene.model.clone();
    scene.put(7, b"only here");
    assert!(twin.getvalue().unwrap()[..] == before[..]);
    twin.write(b"only there").unwrap();
    scene.check();
}

fn live_view(scene: &mut Scene) {
    let view = scene.stream.getbuffer(Access::Writable).unwrap();
    let at = view.data();
    for round in 0..4 {
        for page in [0, 3, 17 + round] {
            // SAFETY: within the view, and nobody else writes.
            unsafe { at.add(page * PAGE + round).write(round as u8) };
            scene.model[page * PAGE + round] = round as u8;
        }
        scene.keep();
        if round == 2 {
            scene.kept.clear();
        }
        scene.check();
        assert_eq!(view.data(), at, "a writable view stays where it is");
    }
}

#[test]
fn whatever_the_system_refuses_the_bytes_are_right() {
    let _alone = alone();
    life();
    trim();
    let before = fork_guard::files();
    let mut n = 0;
    let refused = |plan| {
        faults::plan(plan);
        life();
        let left = faults::plan(Plan::None);
        trim();
        assert_eq!(fork_guard::files(), before, "files left after {plan:?}");
        !matches!(left, Plan::Once(_) | Plan::From(1..))
    };
    while refused(Plan::Once(n)) && refused(Plan::From(n)) {
        n += 1;
    }
    assert!(n > 30, "only {n} calls could be refused");
}

#[test]
fn without_any_help_of_the_system_all_is_heap() {
    let _alone = alone();
    let stream = Stream::with_options(&Options { mapped_from: 1, ..Options::default() }).unwrap();
    faults::plan(Plan::From(0));
    stream.write(&pattern(100_000, 1)).unwrap();
    faults::plan(Plan::None);
    assert_eq!(stream.statistics().unwrap().1, Kind::Heap);
}

#[test]
fn a_long_write_goes_through_the_file_in_pieces() {
    let _alone = alone();
    let bytes = pattern(2 * super::BULK_PIECE + 100, 1);
    let mapping = Mapping::create(PAGE + bytes.len()).unwrap();
    for refused in 0..=3 {
        faults::plan(Plan::Once(refused));
        let written = mapping.write_bulk(PAGE, (&bytes).into());
        let left = faults::plan(Plan::None);
        let asked_once_each = if refused < 3 { Plan::None } else { Plan::Once(0) };
        assert_eq!((written, left), (refused == 3, asked_once_each), "piece {refused} refused");
    }
    // SAFETY: within the mapping, and nobody writes there.
    let found = unsafe { std::slice::from_raw_parts(mapping.base().add(PAGE).as_ptr(), bytes.len()) };
    assert!(found == bytes);
}

#[test]
fn a_long_write_that_is_refused_half_way_is_written_all_the_same() {
    let _alone = alone();
    for refused in 0..3 {
        // An emptied file's pages are there, and written in place.
        trim();
        let mut scene = Scene::new(1, pattern(PAGE, 1));
        let end = 3 * super::BULK_PIECE;
        scene.put(end, b"room for it");
        faults::plan(Plan::Once(refused));
        scene.put(100, &pattern(end - 200, 2));
        assert_eq!(faults::plan(Plan::None), Plan::None, "piece {refused} was asked for, and refused");
        scene.check();
    }
}

#[test]
fn one_changed_page_is_one_copied_page() {
    let _alone = alone();
    let mut scene = Scene::new(1, pattern(200 * PAGE, 1));
    assert_eq!(scene.stream.statistics().unwrap().1, Kind::Mapped);
    scene.keep();
    for round in 0..20 {
        scene.put(round * 7 * PAGE, b"one page");
        scene.kept.clear();
        scene.keep();
    }
    let (statistics, kind) = scene.stream.statistics().unwrap();
    assert_eq!(kind, Kind::Mapped);
    assert_eq!(statistics.fork_bytes, 0, "changed pages are written back, not copied");
    let address = scene.kept[0].0.as_ptr();
    assert_eq!(scene.stream.getvalue().unwrap().as_ptr(), address, "unchanged, it is the same snapshot");
}

#[test]
fn an_unchanged_stream_gives_the_same_snapshot_under_a_writable_view() {
    let _alone = alone();
    let stream = mapped(&pattern(20 * PAGE, 1));
    let view = stream.getbuffer(Access::Writable).unwrap();
    let first = stream.getvalue().unwrap();
    assert_eq!(stream.getvalue().unwrap().as_ptr(), first.as_ptr());
    // SAFETY: within the view, and nobody else writes.
    unsafe { view.data().add(3 * PAGE).write(!first[3 * PAGE]) };
    let second = stream.getvalue().unwrap();
    assert_ne!(second.as_ptr(), first.as_ptr());
    assert_ne!(second[3 * PAGE], first[3 * PAGE]);
    assert_eq!(stream.getvalue().unwrap().as_ptr(), second.as_ptr());
}

#[test]
fn what_was_overwritten_under_snapshots_shrinks_when_they_are_gone() {
    let _alone = alone();
    let mut scene = Scene::new(1, pattern(200 * PAGE, 1));
    scene.keep();
    scene.put(3 * PAGE, b"in a page of its own");
    scene.stream.truncate(10 * PAGE as u64).unwrap();
    scene.model.truncate(10 * PAGE);
    scene.stream.shrink_to_fit().unwrap();
    scene.check();
    scene.kept.clear();
    scene.stream.shrink_to_fit().unwrap();
    scene.check();
    drop(scene);
    assert_eq!(trim(), 10 * PAGE, "the memory of what is left");
}

#[test]
fn the_pool_is_used_and_bounded() {
    let _alone = alone();
    let before = fork_guard::files();
    for _ in 0..30 {
        drop(mapped(&pattern(20 * PAGE, 1)));
    }
    assert_eq!(fork_guard::files(), before + 1, "one file served all");
    let many: Vec<_> = (0..30).map(|i| mapped(&pattern(PAGE, i))).collect();
    drop(many);
    assert!(fork_guard::files() <= before + 8);
    assert!(trim() > 0);
    assert_eq!(fork_guard::files(), before);
    assert_eq!(trim(), 0);
}

#[test]
fn pages_are_shared_rightly_when_epochs_begin_anew() {
    let _alone = alone();
    for keeps in [1, 2] {
        let mut scene = Scene::new(1, pattern(100 * PAGE, 1));
        for round in 0..20_u8 {
            // With one value held the file follows the content, with two it stays behind.
            scene.keep();
            scene.put(usize::from(round) * PAGE, &[round; 9]);
            scene.check();
            let gone = scene.kept.len().saturating_sub(keeps);
            scene.kept.drain(..gone);
            if round == 6 {
                scene.stream.0.with(|s| s.age_history());
            }
        }
    }
}
