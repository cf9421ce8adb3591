use super::super::faults::{self, Plan};
use super::super::testing::{Child, Pages};
use super::super::{memfd, page_size};
use super::*;

#[test]
fn grantable_is_what_an_allocation_would_get() {
    for n in [0, 1, 100 << 20, 1 << 40, 1 << 45, 1 << 46, 1 << 60, usize::MAX] {
        // SAFETY: memory that is not used. (For no bytes malloc(3) may give NULL; and it is not to be seen through.)
        let granted = unsafe {
            let at = libc::malloc(std::hint::black_box(n.max(1)));
            libc::free(at);
            !std::hint::black_box(at).is_null()
        };
        assert_eq!(grantable(n), granted, "{n}");
    }
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let data = statm.split(' ').nth(5).unwrap().parse::<u64>().unwrap() * page_size() as u64;
    let child = Child::run(|| {
        let limit = libc::rlimit { rlim_cur: data + (64 << 20), rlim_max: libc::RLIM_INFINITY };
        // SAFETY: a valid structure, and this child's own limit.
        let limited = unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) } == 0;
        limited && !grantable(128 << 20) && grantable(1 << 20)
    });
    assert!(child.succeeds());
    for n in 0..2 {
        faults::plan(Plan::Once(n));
        assert!(!grantable(1));
    }
}

#[test]
fn asking_for_a_grant_takes_no_memory_after_mlockall() {
    let child = Child::run(|| {
        // SAFETY: this child's own memory, and a structure to be filled.
        let largest = || unsafe {
            let mut usage = std::mem::zeroed::<libc::rusage>();
            libc::getrusage(libc::RUSAGE_SELF, &mut usage);
            usage.ru_maxrss
        };
        // SAFETY: as above.
        unsafe { libc::mlockall(libc::MCL_FUTURE) };
        let before = largest();
        // Granted or not: that is for the limit on locked memory to say.
        grantable(512 << 20);
        largest() - before < 64 << 10
    });
    assert!(child.succeeds());
}

#[test]
fn a_shared_mapping_grows_with_its_bytes_or_stays() {
    let page = page_size();
    let mut pages = Pages::of_file(2, Share::Shared);
    pages.write(1, 7);
    memfd::set_size(pages.file(), 4096 * page).unwrap();
    faults::plan(Plan::Once(0));
    // SAFETY: all of the mapping; its address is taken from the answer.
    assert!(unsafe { remap(pages.base, pages.len, 4096 * page, true) }.is_err());
    assert_eq!(pages.read(1), 7);
    // SAFETY: as above.
    assert!(unsafe { remap(pages.base, pages.len, 1 << 60, true) }.is_err());
    assert_eq!(pages.read(1), 7);
    // SAFETY: as above.
    pages.base = unsafe { remap(pages.base, pages.len, 4096 * page, true) }.unwrap();
    pages.len = 4096 * page;
    pages.write(4095, 8);
    assert_eq!((pages.read(1), pages.read(4095), memfd::memory(pages.file())), (7, 8, 2 * page));
}

#[test]
fn a_range_made_private_keeps_its_bytes_and_its_writes() {
    let page = page_size();
    let pages = Pages::of_file(8, Share::Shared);
    let other = Pages { base: map(pages.file(), pages.len, Share::Shared).unwrap(), len: pages.len, file: None };
    (0..8).for_each(|at| pages.write(at, at as u8));
    faults::plan(Plan::Once(0));
    // SAFETY: pages of the mapping, shared so far.
    assert!(unsafe { make_private(pages.file(), pages.base, 2 * page, 5 * page) }.is_err());
    // SAFETY: as above.
    unsafe { make_private(pages.file(), pages.base, 2 * page, 5 * page) }.unwrap();
    (0..8).for_each(|at| assert_eq!(pages.read(at), at as u8));
    (0..8).for_each(|at| pages.write(at, 9));
    assert!((0..8).map(|at| other.read(at)).eq([9, 9, 2, 3, 4, 9, 9, 9]));
}

#[test]
fn a_child_has_what_is_given_to_it() {
    let pages = Pages::of_file(2, Share::Shared);
    pages.write(1, 7);
    for given in [false, true] {
        // SAFETY: all of the mapping, which the first child does without.
        unsafe { if given { give_to_child(pages.base, pages.len) } else { keep_from_child(pages.base, pages.len) } }
            .unwrap();
        let child = Child::run(|| {
            // SAFETY: a sanitizer's handler would turn the signal into an ordinary end.
            unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
            pages.read(1) == 7
        });
        let status = child.status();
        let fault = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSEGV;
        assert!(if given { status == 0 } else { fault }, "{given}: {status:#x}");
        assert_eq!(pages.read(1), 7);
    }
    faults::plan(Plan::From(0));
    // SAFETY: as above.
    unsafe { assert!(keep_from_child(pages.base, pages.len).is_err() && give_to_child(pages.base, pages.len).is_err()) }
    faults::plan(Plan::None);
}

/// A private mapping of a file of ones, all overwritten with twos.
fn overwritten(pages: usize) -> Pages {
    let pages = Pages::of_file(pages, Share::Private);
    let ones = vec![1; pages.len];
    // SAFETY: readable bytes, and a mapping of that length.
    unsafe {
        memfd::write_at(pages.file(), ones.as_ptr(), ones.len(), 0).unwrap();
        pages.base.write_bytes(2, pages.len);
    }
    pages
}

#[test]
fn discarded_pages_show_the_file_again() {
    let page = page_size();
    let pages = overwritten(8);
    // SAFETY: pages of a private mapping.
    unsafe { discard(pages.base, 2 * page, 4 * page) }.unwrap();
    assert!((0..8).map(|at| pages.read(at)).eq([2, 2, 1, 1, 2, 2, 2, 2]));
    faults::plan(Plan::Once(0));
    // SAFETY: as above.
    assert!(unsafe { discard(pages.base, 0, page) }.is_err());
    assert_eq!(pages.read(0), 2);
}

#[test]
fn any_number_of_ranges_is_discarded_in_whichever_way_the_kernel_has() {
    let page = page_size();
    // Refused nothing; the way for many at once, so that each goes by itself.
    for plan in [Plan::None, Plan::Once(0)] {
        for n in [0, 1, AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1, 3 * AT_A_TIME] {
            let pages = overwritten(2 * n + 1);
            faults::plan(plan);
            // SAFETY: pages of a private mapping.
            unsafe { discard_many(pages.base, (0..n).map(|at| 2 * at * page..(2 * at + 1) * page)) }.unwrap();
            faults::plan(Plan::None);
            let expected = |at: usize| if at.is_multiple_of(2) && at < 2 * n { 1 } else { 2 };
            (0..=2 * n).for_each(|at| assert_eq!(pages.read(at), expected(at), "{plan:?}, {n}: {at}"));
        }
    }
    let pages = overwritten(2);
    faults::plan(Plan::From(0));
    // SAFETY: as above.
    assert!(unsafe { discard_many(pages.base, [0..page, page..2 * page]) }.is_err());
    faults::plan(Plan::None);
    assert_eq!((pages.read(0), pages.read(1)), (2, 2));
}

#[test]
fn populated_pages_are_there_at_once() {
    let pages = Pages::of_file(8, Share::Shared);
    faults::plan(Plan::Once(0));
    // SAFETY: pages of the mapping.
    unsafe { populate(pages.base, pages.len) }
    assert_eq!(memfd::memory(pages.file()), 0);
    // SAFETY: as above.
    unsafe { populate(pages.base, pages.len) }
    assert_eq!(memfd::memory(pages.file()), pages.len);
}
