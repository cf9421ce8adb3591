use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::ptr::NonNull;
use std::slice;

use super::super::mmap::Share;
use super::super::testing::{Pages, pipe};
use super::super::{memfd, mmap};
use super::*;

mod processes;

/// Whether this kernel can watch at all, and lets us; then everything below must work.
fn possible() -> bool {
    let possible = open_userfault().is_ok();
    if !possible {
        eprintln!("not tested: no userfaultfd with asynchronous write protection");
    }
    possible
}

fn begin(pages: &Pages) -> Watch {
    // SAFETY: the tests drop the watch before the memory.
    unsafe { Watch::begin(pages.base, pages.len).unwrap() }
}

/// The numbers of the pages written, in one list.
fn changes(watch: &Watch) -> Result<Vec<usize>> {
    let page = page_size();
    let mut pages = Vec::new();
    watch.take_changes(|run| {
        assert!(run.start.is_multiple_of(page) && run.end.is_multiple_of(page), "{run:?}");
        pages.extend(run.start / page..run.end / page);
    })?;
    Ok(pages)
}

fn every_kind(pages: usize) -> [Pages; 3] {
    [Pages::zeros(pages), Pages::of_file(pages, Share::Shared), Pages::of_file(pages, Share::Private)]
}

#[test]
fn stores_are_reported_once_each() {
    if !possible() {
        return;
    }
    for pages in every_kind(40) {
        pages.write(3, 1);
        let watch = begin(&pages);
        assert_eq!(watch.covered(), 0..pages.len);
        assert_eq!(changes(&watch), Ok(vec![]));
        for round in 0..3 {
            for page in [3, 4, 20, 39] {
                pages.write(page, round);
            }
            assert_eq!(changes(&watch), Ok(vec![3, 4, 20, 39]));
            assert_eq!(changes(&watch), Ok(vec![]));
        }
        // Reading changes nothing.
        assert_eq!((0..40).map(|page| u32::from(pages.read(page))).sum::<u32>(), 4 * 2);
        assert_eq!(changes(&watch), Ok(vec![]));
    }
}

#[test]
fn more_runs_than_one_answer_holds_are_all_reported() {
    if !possible() {
        return;
    }
    for pages in every_kind(1500) {
        let watch = begin(&pages);
        let every_other: Vec<_> = (0..1500).step_by(2).collect();
        for page in &every_other {
            pages.write(*page, 1);
        }
        assert_eq!(changes(&watch), Ok(every_other));
        assert_eq!(changes(&watch), Ok(vec![]));
    }
}

#[test]
fn unaligned_ends_are_left_to_the_caller() {
    if !possible() {
        return;
    }
    let page = page_size();
    let pages = Pages::zeros(6);
    // SAFETY: within the mapping, which outlives the watch.
    let watch = unsafe { Watch::begin(pages.base.add(page - 100), 4 * page) }.unwrap();
    assert_eq!(watch.covered(), 100..100 + 3 * page);
    for at in 0..6 {
        pages.write(at, 1);
    }
    let mut runs = Vec::new();
    watch.take_changes(|run| runs.push(run)).unwrap();
    assert_eq!(runs, vec![watch.covered()]);
    // SAFETY: as above.
    assert!(unsafe { Watch::begin(pages.base.add(1), 2 * page - 2) }.is_err(), "no whole page");
    // SAFETY: as above.
    assert!(unsafe { Watch::begin(pages.base, 0) }.is_err());
}

/// Has `write` change the pages in `range` of the memory given, in each kind of memory, and demands them as the answer.
fn is_seen(range: Range<usize>, write: impl Fn(&mut [u8])) {
    if !possible() {
        return;
    }
    let page = page_size();
    for pages in every_kind(16) {
        let watch = begin(&pages);
        for _ in 0..2 {
            // SAFETY: within the mapping; nobody else uses it.
            let target = unsafe { slice::from_raw_parts_mut(pages.at(range.start, 0), range.len() * page) };
            write(target);
            assert_eq!(changes(&watch), Ok(range.clone().collect()));
        }
    }
}

#[test]
fn reads_from_a_pipe_are_seen() {
    let (out, into) = pipe();
    let (out, into) = (File::from(out), File::from(into));
    is_seen(5..7, |target| {
        (&into).write_all(&vec![7; target.len()]).unwrap();
        (&out).read_exact(target).unwrap();
        assert!(target.iter().all(|byte| *byte == 7));
    });
}

#[test]
fn reads_from_a_device_are_seen() {
    is_seen(3..12, |target| File::open("/dev/zero").unwrap().read_exact(target).unwrap());
}

#[test]
fn reads_from_a_file_are_seen_past_the_page_cache_too() {
    let path = std::env::temp_dir().join(format!("bytesio-userfault-{}", std::process::id()));
    std::fs::write(&path, vec![9; 4 * page_size()]).unwrap();
    for flags in [0, libc::O_DIRECT] {
        let Ok(file) = File::options().read(true).custom_flags(flags).open(&path) else {
            eprintln!("not tested: no O_DIRECT here");
            continue;
        };
        is_seen(8..12, |target| {
            target[0] = 0;
            // SAFETY: room for that many bytes.
            let got = unsafe { libc::pread(file.as_raw_fd(), target.as_mut_ptr().cast(), target.len(), 0) };
            assert_eq!(usize::try_from(got), Ok(target.len()));
            assert_eq!(target[0], 9);
        });
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn writes_to_the_file_itself_are_not_seen() {
    // Which is why what the library writes by pwrite(2) has to be noted by itself.
    if !possible() {
        return;
    }
    let pages = Pages::of_file(4, Share::Shared);
    pages.write(1, 1);
    let watch = begin(&pages);
    // SAFETY: readable bytes.
    unsafe { memfd::write_at(pages.file(), [7; 32].as_ptr(), 32, page_size()) }.unwrap();
    assert_eq!((pages.read(1), changes(&watch)), (7, Ok(vec![])));
}

/// The pages of a mapping from its first multiple of 4 MiB on, huge ones if the kernel has some.
fn huge(file: Option<&OwnedFd>) -> (Pages, NonNull<u8>) {
    let pages = Pages::zeros(4 * HUGE / page_size());
    let first = pages.base.addr().get().next_multiple_of(2 * HUGE) - pages.base.addr().get();
    // SAFETY: within the mapping; what is mapped over it goes with it.
    unsafe {
        let base = pages.base.add(first);
        if let Some(file) = file {
            memfd::set_size(file, 2 * HUGE).unwrap();
            mmap::map_over(file, base, 0, 2 * HUGE, Share::Shared).unwrap();
        }
        libc::madvise(base.as_ptr().cast(), 2 * HUGE, libc::MADV_HUGEPAGE);
        base.write_bytes(1, 2 * HUGE);
        // What was made of small pages becomes huge ones now, whatever the system's settings for files.
        libc::madvise(base.as_ptr().cast(), 2 * HUGE, libc::MADV_COLLAPSE);
        (pages, base)
    }
}

const HUGE: usize = 2 << 20;

#[test]
fn huge_pages_are_reported_at_most_whole() {
    if !possible() {
        return;
    }
    let page = page_size();
    let per_huge = HUGE / page;
    // All of two huge pages, or the larger part of two: those are cut up.
    for (in_file, cut) in [(false, 0), (false, 2), (true, 0), (true, 2)] {
        let file = in_file.then(|| memfd::create().unwrap());
        let (_pages, base) = huge(file.as_ref());
        // SAFETY: within the memory, dropped before it.
        let watch = unsafe { Watch::begin(base.add(cut * page), 2 * HUGE - 2 * cut * page) }.unwrap();
        assert_eq!(changes(&watch), Ok(vec![]));
        for written in [5, 5, 6, 400, per_huge - 1, per_huge, per_huge + 300] {
            // SAFETY: within the mapping.
            unsafe { base.add(written * page).write_volatile(2) };
            let seen: Vec<_> = changes(&watch).unwrap().iter().map(|at| at + cut).collect();
            let huge = written / per_huge;
            assert!(seen.contains(&written), "{written} is not in {seen:?}");
            assert!(seen.iter().all(|page| page / per_huge == huge), "{written}: {seen:?}");
        }
    }
}

#[test]
fn watches_side_by_side_know_their_own_pages_only() {
    if !possible() {
        return;
    }
    let page = page_size();
    for pages in every_kind(8) {
        // SAFETY: within the mapping, dropped before it.
        let (left, right) = unsafe {
            (Watch::begin(pages.base, 4 * page).unwrap(), Watch::begin(pages.base.add(4 * page), 4 * page).unwrap())
        };
        [1, 3, 4, 6].iter().for_each(|at| pages.write(*at, 1));
        assert_eq!(changes(&left), Ok(vec![1, 3]));
        pages.write(0, 1);
        assert_eq!(changes(&right), Ok(vec![0, 2]));
        drop(left);
        (0..8).for_each(|at| pages.write(at, 2));
        assert_eq!(changes(&right), Ok(vec![0, 1, 2, 3]));
        // SAFETY: as above.
        let left = unsafe { Watch::begin(pages.base, 4 * page) }.unwrap();
        pages.write(2, 1);
        assert_eq!((changes(&left), changes(&right)), (Ok(vec![2]), Ok(vec![])));
    }
}

#[test]
fn what_another_userfaultfd_watches_is_left_to_it() {
    if !possible() {
        return;
    }
    let pages = Pages::zeros(4);
    let (userfault, pagemap) = (open_userfault().unwrap(), pagemap::open().unwrap());
    let other = Watching { userfault: userfault.as_fd(), pagemap: pagemap.as_fd() };
    let start = pages.base.addr().get();
    let addresses = start..start + pages.len;
    other.register(addresses.clone()).unwrap();
    other.protect(addresses.clone()).unwrap();
    // SAFETY: within the mapping.
    assert!(unsafe { Watch::begin(pages.base, pages.len) }.is_err());
    pages.write(2, 1);
    let mut runs = 0;
    other.take_written(addresses, |_| runs += 1).unwrap();
    assert_eq!(runs, 1);
}

#[test]
fn two_mappings_of_one_file_are_watched_apart() {
    if !possible() {
        return;
    }
    let pages = Pages::of_file(4, Share::Shared);
    let other = Pages { base: mmap::map(pages.file(), pages.len, Share::Shared).unwrap(), len: pages.len, file: None };
    let (here, there) = (begin(&pages), begin(&other));
    pages.write(2, 5);
    assert_eq!((other.read(2), changes(&here), changes(&there)), (5, Ok(vec![2]), Ok(vec![])));
}

#[test]
fn memory_from_malloc_can_be_watched_and_resized_afterwards() {
    if !possible() {
        return;
    }
    for size in [300_000, 5 << 20] {
        // SAFETY: each pointer is used while its memory is allocated, within its size; the watches are dropped before.
        unsafe {
            let old = libc::malloc(size).cast::<u8>();
            old.write_bytes(3, size);
            let watch = Watch::begin(NonNull::new(old).unwrap(), size).unwrap();
            let covered = watch.covered();
            assert!(covered.start < page_size() && size - covered.end < page_size());
            old.add(size / 2).write_volatile(4);
            let mut runs = Vec::new();
            watch.take_changes(|run| runs.push(run)).unwrap();
            assert!(runs.len() == 1 && runs[0].contains(&(size / 2)) && runs[0].len() == page_size(), "{runs:?}");
            drop(watch);
            let new = libc::realloc(old.cast(), 4 * size).cast::<u8>();
            new.add(size).write_bytes(5, 3 * size);
            assert_eq!((*new, *new.add(size / 2), *new.add(size - 1), *new.add(4 * size - 1)), (3, 4, 3, 5));
            let watch = Watch::begin(NonNull::new(new).unwrap(), 4 * size).unwrap();
            new.add(3 * size).write_volatile(6);
            let mut runs = Vec::new();
            watch.take_changes(|run| runs.push(run)).unwrap();
            assert!(runs.len() == 1 && runs[0].contains(&(3 * size)), "{runs:?}");
            drop(watch);
            libc::free(new.cast());
        }
    }
}

#[test]
fn pages_given_back_are_seen_only_where_there_is_no_file() {
    if !possible() {
        return;
    }
    let page = page_size();
    for (pages, seen) in [(Pages::zeros(8), vec![2, 3]), (Pages::of_file(8, Share::Private), vec![])] {
        (0..8).for_each(|at| pages.write(at, 1));
        let watch = begin(&pages);
        // SAFETY: within the mapping.
        unsafe { mmap::discard(pages.base, 2 * page, 4 * page) }.unwrap();
        assert_eq!((pages.read(2), changes(&watch)), (0, Ok(seen)));
        pages.write(3, 1);
        assert_eq!(changes(&watch), Ok(vec![3]));
    }
}

#[test]
fn a_range_mapped_anew_is_an_error_and_not_silence() {
    if !possible() {
        return;
    }
    let page = page_size();
    let pages = Pages::of_file(8, Share::Shared);
    let watch = begin(&pages);
    // SAFETY: within the mapping of the same file.
    unsafe { mmap::map_over(pages.file(), pages.base, 2 * page, 4 * page, Share::Private) }.unwrap();
    assert!(changes(&watch).is_err());
}
