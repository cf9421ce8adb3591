//! A stream that is used from within a call on it, by a callback of its allocator: refused where the lock can tell.

#![cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]

use std::alloc::Layout;
use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread;

use bytesio::{Error, Hooks, Options, Stream, Whence};

/// The stream that the allocator uses, in spite of what is asked of it.
static STREAM: AtomicPtr<Stream> = AtomicPtr::new(std::ptr::null_mut());

/// What came of that.
static RESULTS: Mutex<Vec<Result<(), Error>>> = Mutex::new(Vec::new());

unsafe extern "C" fn allocate(_: *mut c_void, size: usize, align: usize) -> *mut c_void {
    // SAFETY: the test takes the pointer back before the stream goes.
    if let Some(stream) = unsafe { STREAM.load(Ordering::Relaxed).as_ref() } {
        let results = [
            stream.write(b"from within"),
            stream.read(&mut [0; 4][..]).map(drop),
            stream.seek(0, Whence::Start).map(drop),
            stream.peek().map(drop),
            stream.getvalue().map(drop),
            stream.append(b"from within"),
            stream.read_exact(&mut [0; 4][..]),
            stream.take(4).map(drop),
            stream.peek_at(0).map(drop),
            stream.cstr().map(drop),
            stream.prepare_upto(1, 10).map(drop),
            stream.close(),
        ];
        RESULTS.lock().unwrap().extend(results);
    }
    // SAFETY: the library's layouts are valid and not empty.
    unsafe { std::alloc::alloc(Layout::from_size_align_unchecked(size, align)).cast() }
}

unsafe extern "C" fn deallocate(_: *mut c_void, ptr: *mut c_void, size: usize, align: usize) {
    // SAFETY: memory of `allocate`.
    unsafe { std::alloc::dealloc(ptr.cast(), Layout::from_size_align_unchecked(size, align)) }
}

#[test]
fn a_use_from_within_is_refused_and_harms_nothing() {
    // From here on the process does not count as single-threaded any more, so that the lock is not skipped.
    thread::spawn(|| ()).join().unwrap();
    // SAFETY: the hooks keep all rules but the one that this test is about.
    let allocator = Some(unsafe { Hooks::new(allocate, None, deallocate, std::ptr::null_mut()) });
    // At first by the mutex; after so many uses in a row by the bias towards this thread.
    for uses_before in [0, 5_000] {
        let stream = Stream::with_options(&Options { allocator, ..Options::default() }).unwrap();
        (0..uses_before).for_each(|_| assert_eq!(stream.seek(0, Whence::Start), Ok(0)));
        STREAM.store((&raw const stream).cast_mut(), Ordering::Relaxed);
        let written = stream.write(b"from outside");
        STREAM.store(std::ptr::null_mut(), Ordering::Relaxed);
        assert_eq!(written, Ok(()));
        let results = std::mem::take(&mut *RESULTS.lock().unwrap());
        assert!(!results.is_empty() && results.iter().all(|result| *result == Err(Error::Internal)), "{results:?}");
        assert_eq!(*stream.getvalue().unwrap(), *b"from outside");
    }
}
