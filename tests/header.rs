//! The committed header is the one that the sources print, byte for byte.
//!
//! `make header` writes it anew: this test with `BYTESIO_BLESS` set.

use std::path::Path;

/// What the build script printed.
const PRINTED: &str = include_str!(concat!(env!("OUT_DIR"), "/bytesio.h"));

/// The first line in which two texts differ, by number, and what each has there.
fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let lines = a.split('\n').count().max(b.split('\n').count());
    let (mut a, mut b) = (a.split('\n'), b.split('\n'));
    (1..=lines).map(|number| (number, a.next(), b.next())).find(|(_, a, b)| a != b)
}

#[test]
fn the_committed_header_is_the_printed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/bytesio.h");
    if std::env::var_os("BYTESIO_BLESS").is_some() {
        return std::fs::write(path, PRINTED).expect("include/bytesio.h can be written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if let Some((line, committed, printed)) = first_difference(&committed, PRINTED) {
        panic!(
            "include/bytesio.h is not what the sources say; run `make header` and commit it.\n\
             line {line}, committed: {committed:?}\n\
             line {line}, printed:   {printed:?}"
        );
    }
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, Some("b"), Some("c"))));
    assert_eq!(first_difference("a\n", "a"), Some((2, Some(""), None)));
}
