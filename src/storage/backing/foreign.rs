//! The foreign kind: adopted memory, read-only to us, given back through a callback.

use std::ffi::c_void;

/// `release(ctx, data, len)`: called exactly once, when nothing needs adopted memory any more.
pub type ReleaseFn = unsafe extern "C" fn(ctx: *mut c_void, data: *mut c_void, len: usize);

/// What has to happen when adopted memory is no longer needed.
pub(crate) struct Foreign {
    release: Option<ReleaseFn>,
    ctx: *mut c_void,
    data: *mut c_void,
    len: usize,
}

// SAFETY: whoever adopts promises that the callback may run on any thread.
unsafe impl Send for Foreign {}
// SAFETY: shared access reads no field.
unsafe impl Sync for Foreign {}

impl Foreign {
    pub(in crate::storage) fn new(data: *mut c_void, len: usize, release: Option<ReleaseFn>, ctx: *mut c_void) -> Self {
        Self { release, ctx, data, len }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: promised when the memory was adopted; a value is dropped once, hence exactly once.
            unsafe { release(self.ctx, self.data, self.len) }
        }
    }
}
