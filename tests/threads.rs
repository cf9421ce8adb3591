//! Several threads on one stream, on shared snapshots and on views: every call is atomic, every snapshot stays as it
//! is, everything ends once.

mod common;

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;

use bytesio::{Access, Error, NO_LIMIT, Options, Search, Snapshot, Stream, Whence};

use common::{Ledger, Lent};

/// Bytes of a record: the thread, its own count, and a filling made from both.
const RECORD: usize = 16;

fn record(thread: usize, count: usize) -> [u8; RECORD] {
    let mut record = [(thread * 31 + count) as u8; RECORD];
    record[0] = thread as u8;
    record[1..5].copy_from_slice(&(count as u32).to_le_bytes());
    record
}

/// The thread and the count of a whole record; anything else is a torn one.
fn parse(bytes: &[u8]) -> (usize, usize) {
    let thread = usize::from(bytes[0]);
    let count = u32::from_le_bytes(bytes[1..5].try_into().expect("four bytes")) as usize;
    assert_eq!(bytes, record(thread, count), "a torn record");
    (thread, count)
}

/// Runs `f` on so many threads, which begin together.
fn together(threads: usize, f: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for thread in 0..threads {
            let (f, barrier) = (&f, &barrier);
            scope.spawn(move || {
                barrier.wait();
                f(thread);
            });
        }
    });
}

/// Every thread's records are there, in that thread's order, up to `counts`.
fn check_records(bytes: &[u8], counts: &mut [usize]) {
    assert_eq!(bytes.len() % RECORD, 0, "half a record");
    for piece in bytes.chunks_exact(RECORD) {
        let (thread, count) = parse(piece);
        assert_eq!(count, counts[thread], "out of order");
        counts[thread] += 1;
    }
}

#[test]
fn writes_are_atomic_and_in_each_threads_order() {
    for threads in [2, 4, 8] {
        let stream = Stream::new().unwrap();
        together(threads, |thread| {
            for count in 0..500 {
                let record = record(thread, count);
                let (head, tail) = record.split_at(5);
                match count % 3 {
                    0 => stream.write(&record).unwrap(),
                    1 => stream.writev(&[head.into(), tail.into()]).unwrap(),
                    _ => stream.write_snapshot(&Snapshot::copied(&record).unwrap()).unwrap(),
                }
            }
        });
        let mut counts = vec![0; threads];
        check_records(&stream.getvalue().unwrap(), &mut counts);
        assert_eq!(counts, vec![500; threads]);
    }
}

#[test]
fn reads_take_each_byte_once() {
    const THREADS: usize = 4;
    let stream = Stream::new().unwrap();
    (0..4000).for_each(|count| stream.write(&record(0, count)).unwrap());
    stream.seek(0, Whence::Start).unwrap();
    let seen = Mutex::new(vec![0; 4000]);
    together(THREADS, |thread| {
        let mut own = Vec::new();
        let mut bytes = [0; RECORD];
        while match thread % 2 {
            0 => stream.read(&mut bytes).unwrap(),
            _ => {
                let taken = stream.read_snapshot(RECORD).unwrap();
                bytes[..taken.len()].copy_from_slice(&taken);
                taken.len()
            }
        } > 0
        {
            own.push(parse(&bytes).1);
        }
        assert!(own.is_sorted(), "the position only moves forward");
        own.into_iter().for_each(|count| seen.lock().unwrap()[count] += 1);
    });
    assert!(seen.into_inner().unwrap().iter().all(|times| *times == 1));
}

#[test]
fn snapshots_taken_while_others_write_are_whole_and_stay_so() {
    let stream = Stream::new().unwrap();
    let writing = AtomicBool::new(true);
    together(4, |thread| {
        if thread < 2 {
            (0..1500).for_each(|count| stream.write(&record(thread, count)).unwrap());
            writing.store(thread != 0, Ordering::Relaxed);
            return;
        }
        let mut kept = Vec::new();
        let mut last = 0;
        while writing.load(Ordering::Relaxed) && kept.len() < 300 {
            let value = if thread == 2 {
                stream.getvalue().unwrap()
            } else {
                stream.duplicate().unwrap().close_take().unwrap()
            };
            assert!(value.len() >= last, "the stream only grows");
            last = value.len();
            kept.push((value.to_vec(), value));
        }
        for (bytes, value) in &kept {
            check_records(value, &mut [0; 2]);
            assert_eq!(bytes[..], value[..]);
        }
    });
    assert_eq!(stream.len() as usize, 2 * 1500 * RECORD);
}

/// The writer goes over all bytes again and again, in place whenever no snapshot is left; whoever holds one sees one
/// value throughout.
#[test]
fn a_snapshot_is_never_written_however_its_drop_races() {
    const LEN: usize = 512;
    let ledger = Ledger::new();
    let options = Options { allocator: Some(ledger.hooks(true)), limit: NO_LIMIT, ..Options::default() };
    let stream = Stream::with_options(&options).unwrap();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::sync_channel::<(u8, Snapshot)>(2)).unzip();
    thread::scope(|scope| {
        for receiver in receivers {
            scope.spawn(move || {
                for (byte, snapshot) in receiver {
                    let shared = snapshot.share().unwrap();
                    drop(snapshot);
                    let part = shared.slice(LEN / 4, LEN / 2).unwrap();
                    assert!(shared.iter().all(|b| *b == byte));
                    drop(shared);
                    assert!(part.iter().all(|b| *b == byte));
                }
            });
        }
        for round in 0..3000_usize {
            stream.pwrite(&[round as u8; LEN], 0).unwrap();
            // Now and then nobody looks, so that the writer meets its block alone.
            if round % 4 != 0 {
                let _ = senders[round % 3].send((round as u8, stream.getvalue().unwrap()));
            }
        }
        drop(senders);
    });
    let (statistics, _) = stream.statistics().unwrap();
    assert!(statistics.forks < 3000, "some rounds were written in place");
    drop(stream);
    ledger.assert_settled();
}

#[test]
fn adopted_memory_is_released_once_by_whoever_is_last() {
    for _ in 0..200 {
        let lent = Lent::new(&[5; 64]);
        // SAFETY: `lent` outlives everything below.
        let stream = unsafe { Stream::adopt(lent.data(), lent.len(), Some(Lent::release), lent.ctx()) }.unwrap();
        let snapshots: Vec<_> = (0..4).map(|_| Mutex::new(Some(stream.getvalue().unwrap()))).collect();
        let stream = Mutex::new(Some(stream));
        together(5, |thread| match snapshots.get(thread) {
            Some(slot) => {
                let snapshot = slot.lock().unwrap().take().unwrap();
                assert!(snapshot.slice(8, 8).unwrap().iter().all(|byte| *byte == 5));
            }
            None => {
                let stream = stream.lock().unwrap().take().unwrap();
                stream.write(b"change").unwrap();
            }
        });
        assert_eq!(lent.releases(), 1);
    }
}

#[test]
fn references_end_once_and_views_go_on() {
    for _ in 0..200 {
        let ledger = Ledger::new();
        let options = Options { allocator: Some(ledger.hooks(true)), ..Options::default() };
        let stream = Stream::with_options(&options).unwrap();
        stream.write(b"content").unwrap();
        let references: Vec<_> = (0..3).map(|_| Mutex::new(Some(stream.share().unwrap()))).collect();
        let view = stream.getbuffer(Access::Writable).unwrap();
        drop(stream);
        together(6, |thread| {
            if let Some(slot) = references.get(thread) {
                let stream = slot.lock().unwrap().take().unwrap();
                assert_eq!(stream.write(b"CONTENT too long").err(), Some(Error::Exported));
            } else {
                let slice = view.slice(thread, 1).unwrap().to_readonly().unwrap().share().unwrap();
                assert!(slice.compare(&b"content"[thread..=thread]).is_eq());
                assert_eq!(view.snapshot().unwrap()[..], b"content"[..]);
            }
        });
        assert!(view.starts_with(b"content"), "the view keeps the bytes of a stream without references");
        drop(view);
        ledger.assert_settled();
    }
}

#[test]
fn one_window_at_a_time_and_no_byte_of_it_is_torn() {
    let stream = Stream::new().unwrap();
    let committed = AtomicUsize::new(0);
    together(4, |thread| {
        let mut count = 0;
        while count < 200 {
            let (ptr, capacity) = match stream.prepare(RECORD) {
                Ok(window) => window,
                Err(error) => {
                    assert_eq!(error, Error::Busy);
                    thread::yield_now();
                    continue;
                }
            };
            assert!(capacity >= RECORD);
            // SAFETY: the window is this thread's until it is committed, and at least so large.
            unsafe { ptr.copy_from(NonNull::from(&record(thread, count)).cast(), RECORD) };
            stream.commit(RECORD).unwrap();
            committed.fetch_add(1, Ordering::Relaxed);
            count += 1;
        }
    });
    let mut counts = [0; 4];
    check_records(&stream.getvalue().unwrap(), &mut counts);
    assert_eq!((counts, committed.into_inner()), ([200; 4], 800));
}

#[test]
fn closing_ends_everybodys_calls_with_closed() {
    for _ in 0..100 {
        let stream = Stream::from_bytes(b"some bytes").unwrap();
        let taken = AtomicUsize::new(0);
        together(4, |thread| {
            if thread % 2 == 0 {
                match stream.close_take() {
                    Ok(snapshot) => {
                        taken.fetch_add(1, Ordering::Relaxed);
                        assert!(snapshot.starts_with(b"some bytes"));
                    }
                    Err(error) => assert_eq!(error, Error::Closed),
                }
            } else {
                while stream.seek(0, Whence::End).and_then(|_| stream.write(b".")) != Err(Error::Closed) {}
            }
        });
        assert_eq!(taken.into_inner(), 1, "one of them closed it");
    }
}
