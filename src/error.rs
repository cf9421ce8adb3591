//! Statuses
//!
//! 0 is success, negative is an error; bio_strerror() gives each a text.

use std::fmt;

/// Success.
///
/// Since: 0.1
pub const BYTESIO_OK: i32 = 0;
/// A required pointer was NULL, or a NULL buffer came with a length above 0.
///
/// Since: 0.1
pub const BYTESIO_NULL_ARG: i32 = -1;
/// An argument has a value that the function does not know or allow.
///
/// Since: 0.1
pub const BYTESIO_INVALID: i32 = -2;
/// The stream is closed.
///
/// Since: 0.1
pub const BYTESIO_CLOSED: i32 = -3;
/// A view is alive, and the call would change the length or move the bytes.
///
/// Since: 0.1
pub const BYTESIO_EXPORTED: i32 = -4;
/// The view is read-only.
///
/// Since: 0.1
pub const BYTESIO_READONLY: i32 = -5;
/// The stream's limit, or a fixed stream's capacity, would be passed.
///
/// Since: 0.1
pub const BYTESIO_LIMIT: i32 = -6;
/// A size, an offset or a reference count is beyond what can be represented.
///
/// Since: 0.1
pub const BYTESIO_OVERFLOW: i32 = -7;
/// Out of memory.
///
/// Since: 0.1
pub const BYTESIO_NOMEM: i32 = -8;
/// The range lies outside the snapshot, view or window.
///
/// Since: 0.1
pub const BYTESIO_RANGE: i32 = -9;
/// A window from bio_prepare() is open.
///
/// Since: 0.1
pub const BYTESIO_BUSY: i32 = -10;
/// The operating system reported an error; its number is in the function's out-parameter.
///
/// Since: 0.1
pub const BYTESIO_IO: i32 = -11;
/// This build or platform cannot do it.
///
/// Since: 0.1
pub const BYTESIO_UNSUPPORTED: i32 = -12;
/// A defect of the library; the stream it happened in gives this code from then on. Or a call on a stream from within a
/// call on the same stream, which is refused and changes nothing (see Threads, above).
///
/// Since: 0.1
pub const BYTESIO_INTERNAL: i32 = -13;
/// The content ends before what was asked for: bio_read_exact() and its kin.
///
/// Since: 0.1
pub const BYTESIO_EOF: i32 = -14;

/// A failed operation. Whatever the error, the stream is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs, reason = "each stands for the constant beside it, which is documented")]
pub enum Error {
    NullArg = BYTESIO_NULL_ARG,
    Invalid = BYTESIO_INVALID,
    Closed = BYTESIO_CLOSED,
    Exported = BYTESIO_EXPORTED,
    ReadOnly = BYTESIO_READONLY,
    Limit = BYTESIO_LIMIT,
    Overflow = BYTESIO_OVERFLOW,
    NoMem = BYTESIO_NOMEM,
    Range = BYTESIO_RANGE,
    Busy = BYTESIO_BUSY,
    Io = BYTESIO_IO,
    Unsupported = BYTESIO_UNSUPPORTED,
    Internal = BYTESIO_INTERNAL,
    Eof = BYTESIO_EOF,
}

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What each code says in words and as an `errno`, in the order of the codes: code `-n` is the n-th.
const MEANINGS: [(&std::ffi::CStr, i32); 15] = [
    (c"success", 0),
    (c"a required pointer is NULL", libc::EINVAL),
    (c"an argument has an invalid value", libc::EINVAL),
    (c"the stream is closed", libc::EBADF),
    (c"a view of the stream is alive", libc::EBUSY),
    (c"the bytes are read-only", libc::EACCES),
    (c"the stream's limit would be passed", libc::ENOSPC),
    (c"a size or offset is too large", libc::EOVERFLOW),
    (c"out of memory", libc::ENOMEM),
    (c"the range lies outside", libc::ERANGE),
    (c"a window from bio_prepare is open", libc::EBUSY),
    (c"the operating system reported an error", libc::EIO),
    (c"not supported by this build or platform", libc::ENOTSUP),
    (c"internal error in libbytesio", libc::ENOTRECOVERABLE),
    (c"the content ends before that", libc::ENODATA),
];

fn meaning(status: i32) -> Option<(&'static std::ffi::CStr, i32)> {
    usize::try_from(-i64::from(status)).ok().and_then(|n| MEANINGS.get(n)).copied()
}

/// The text of a status code, a short English phrase in ASCII; for a number that is no code, one that says so.
///
/// ```
/// assert_eq!(bytesio::strerror(bytesio::Error::Closed.code()), c"the stream is closed");
/// assert_eq!(bytesio::strerror(1), c"unknown status code");
/// ```
pub fn strerror(status: i32) -> &'static std::ffi::CStr {
    meaning(status).map_or(c"unknown status code", |(text, _)| text)
}

/// The `errno` that says the same as a status code: 0 for success, `EINVAL` for a number that is no code.
pub(crate) fn status_errno(status: i32) -> i32 {
    meaning(status).map_or(libc::EINVAL, |(_, errno)| errno)
}

impl Error {
    /// The code that stands for this error at the C boundary.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The `errno` that says the same, for callers behind an interface of the C library.
    ///
    /// ```
    /// assert_eq!(bytesio::Error::Limit.errno(), libc::ENOSPC);
    /// ```
    pub fn errno(self) -> i32 {
        status_errno(self.code())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(strerror(self.code()).to_str().unwrap_or_default())
    }
}

impl std::error::Error for Error {}
