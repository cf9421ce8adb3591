//! The committed header and the committed data of the ABI are those that the sources print, byte for byte.
//!
//! `make header` writes them anew: this test with `BYTESIO_BLESS` set.

#[path = "../src/capi/header/abi/mod.rs"]
mod abi;

use std::path::Path;

/// What the build script printed, and where it is committed.
const PRINTED: [(&str, &str); 2] = [
    ("include/bytesio.h", include_str!(concat!(env!("OUT_DIR"), "/bytesio.h"))),
    ("include/bytesio.abi.json", include_str!(concat!(env!("OUT_DIR"), "/bytesio.abi.json"))),
];

/// What it found to be missing in the header's comments.
const FAULTS: &str = include_str!(concat!(env!("OUT_DIR"), "/faults.txt"));

/// The first line in which two texts differ, by number, and what each has there.
fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let lines = a.split('\n').count().max(b.split('\n').count());
    let (mut a, mut b) = (a.split('\n'), b.split('\n'));
    (1..=lines).map(|number| (number, a.next(), b.next())).find(|(_, a, b)| a != b)
}

#[test]
fn the_headers_comments_leave_nothing_open() {
    assert!(FAULTS.is_empty(), "the ABI's data cannot be printed:\n{FAULTS}");
}

#[test]
fn what_is_committed_is_what_is_printed() {
    for (name, printed) in PRINTED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        if std::env::var_os("BYTESIO_BLESS").is_some() {
            std::fs::write(path, printed).expect("what is committed can be written");
            continue;
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        if let Some((line, committed, printed)) = first_difference(&committed, printed) {
            panic!(
                "{name} is not what the sources say; run `make header` and commit it.\n\
                 line {line}, committed: {committed:?}\n\
                 line {line}, printed:   {printed:?}"
            );
        }
    }
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, Some("b"), Some("c"))));
    assert_eq!(first_difference("a\n", "a"), Some((2, Some(""), None)));
}

/// A header in small: a status, a handle, a struct, and functions.
const SMALL: &str = r#"
/** Nothing.
 *
 * Since: 0.1 */
#define BYTESIO_NOMEM (-8)
/** A thing.
 *
 * Since: 0.1 */
typedef struct bio_thing bio_thing;
/** A struct.
 *
 * Since: 0.1 */
typedef struct bio_pair { /** First. */ uint8_t first; /** Second. */ const uint8_t *second; } bio_pair;
/**
 * Makes a thing of some bytes.
 *
 * data: borrowed for the call.
 * out: receives a thing (owned: bio_thing_release()).
 * Errors: NOMEM (sometimes; not EVER).
 * Threads: any.
 * Calls back: allocator, release.
 * Since: 0.1
 */
BYTESIO_API BYTESIO_NODISCARD int32_t bio_other(void);
BYTESIO_API bio_status bio_make(const void *data, size_t len, struct bio_thing **out);
/**
 * Ends a thing.
 *
 * thing: consumed; NULL does nothing.
 * Threads: any.
 * Calls back: never.
 * Since: 0.1
 */
BYTESIO_API void bio_thing_release(struct bio_thing *thing);
/** Inline.
 *
 * thing: borrowed for the call.
 * Returns: text (borrowed until bio_make() is called), never NULL.
 * Threads: any.
 * Calls back: never.
 * Since: 0.2 */
static inline const char *bio_inline(struct bio_thing *thing) { if (thing) { return "}\""; /* } */ } return "}"; }
"#;

/// The small header without the undocumented function, some of it replaced.
fn small(from: &str, to: &str) -> Result<String, Vec<String>> {
    let header = SMALL.replace("BYTESIO_API BYTESIO_NODISCARD int32_t bio_other(void);\n", "");
    assert!(header.contains(from), "{from:?}");
    let source = "pub const BYTESIO_NOMEM: i32 = -8;".to_owned();
    abi::json(&header.replace(from, to), &[source], "1.2.3")
}

#[test]
fn the_data_says_what_the_comments_say() {
    let data = small("", "").unwrap();
    for part in [
        r#""version": "1.2.3""#,
        r#"{"name": "BYTESIO_NOMEM", "type": "int32_t", "value": -8, "since": "0.1", "text": "Nothing."}"#,
        r#"{"name": "bio_thing", "ended_by": "bio_thing_release", "since": "0.1", "text": "A thing."}"#,
        r#"{"name": "second", "type": "const uint8_t *", "offset": 8, "size": 8, "text": "Second."}"#,
        r#""null": "if_empty",
          "length": "len""#,
        r#""ended_by": "bio_thing_release",
          "null": "refused""#,
        r#""statuses": ["NOMEM"]"#,
        r#""calls_back": ["allocator", "release"]"#,
        r#""ownership": "consumed",
          "null": "allowed""#,
        r#""lasts": "until bio_make() is called",
        "may_be_null": false"#,
        r#""linkage": "inline""#,
        r#""since": "0.2""#,
    ] {
        assert!(data.contains(part), "{part}\nis not in\n{data}");
    }
}

#[test]
fn what_the_comments_leave_open_is_a_fault() {
    for (from, to, fault) in [
        (" * Calls back: allocator, release.\n", "", "bio_make has no \"Calls back:\""),
        ("allocator, release.", "release, allocator.", "bio_make \"Calls back: release, allocator.\" is neither"),
        ("Calls back: never.", "Calls back: never, release.", "bio_thing_release \"Calls back: never, release.\" is"),
        ("Calls back: never.", "Calls back: sometimes.", "bio_inline \"Calls back: sometimes.\" is neither"),
        ("Errors: NOMEM", "Errors: NOMEM, ODD", "bio_make names ODD, which is no status"),
        (" * Errors: NOMEM (sometimes; not EVER).\n", "", "bio_make has no \"Errors:\""),
        (" * Threads: any.\n", "", "bio_make has no \"Threads:\""),
        (" * Since: 0.1\n", "", "bio_make has no \"Since:\""),
        ("Nothing.\n *\n * Since: 0.1", "Nothing.", "BYTESIO_NOMEM has no \"Since:\""),
        (" * data: borrowed for the call.\n", "", "bio_make data: no word says who owns it in \"\""),
        ("data: borrowed for the call", "data: kept", "bio_make data: no word says who owns it in \"kept.\""),
        ("(owned: bio_thing_release())", "", "bio_make out: no word says who owns it in"),
        ("(owned: bio_thing_release())", "(owned: bio_drop())", "bio_make out: names bio_drop(), which is no function"),
        ("thing: consumed;", "thing: borrowed for the call;", "no function consumes a bio_thing"),
        ("Returns: text", "thing: text", "bio_inline has no \"Returns:\""),
        (" (borrowed until bio_make() is called)", "", "bio_inline \"Returns:\" does not say who owns it"),
        ("uint8_t first", "long double first", "bio_pair has a field of type \"long double\""),
    ] {
        let faults = small(from, to).expect_err(fault);
        assert!(faults.iter().any(|found| found.starts_with(fault)), "{fault}\nis not in\n{faults:#?}");
    }
}

#[test]
fn a_function_without_a_comment_is_a_fault() {
    let faults = abi::json(SMALL, &[], "").unwrap_err();
    assert!(faults.iter().any(|fault| fault.starts_with("bio_make ")), "{faults:#?}");
}
