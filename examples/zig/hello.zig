//! The C API from Zig. The module `bytesio` is what `zig translate-c -lc bytesio.h` prints, handed to the
//! compiler with `--dep bytesio -Mroot=hello.zig -Mbytesio=bytesio.zig`.
const std = @import("std");
const c = @import("bytesio");

/// Every failure status becomes a Zig error, its text a line on standard error.
fn check(status: c.bio_status) !void {
    if (status == c.BYTESIO_OK) return;
    std.debug.print("bytesio: {s}\n", .{std.mem.span(c.bio_strerror(status))});
    return error.Bytesio;
}

fn write(stream: *c.bio_stream, text: []const u8) !void {
    try check(c.bio_write(stream, text.ptr, text.len));
}

fn getvalue(stream: *c.bio_stream) !*c.bio_snapshot {
    var snapshot: ?*c.bio_snapshot = null;
    try check(c.bio_getvalue(stream, &snapshot));
    return snapshot.?;
}

/// Changes one byte through a writable view. The stream's length is fixed for as long as the view lives.
fn capitalise(stream: *c.bio_stream, at: usize) !void {
    var view: ?*c.bio_view = null;
    try check(c.bio_getbuffer(stream, c.BYTESIO_VIEW_WRITABLE, &view));
    defer c.bio_view_release(view);
    var data: [*c]u8 = null;
    try check(c.bio_view_data_mut(view, &data));
    const bytes = data[0..c.bio_view_len(view)];
    bytes[at] = std.ascii.toUpper(bytes[at]);
}

/// Prints by way of a second stream: its own bytes go to the descriptor, with no buffer between.
fn print(label: []const u8, snapshot: *c.bio_snapshot) !void {
    const line = c.bio_new() orelse return error.OutOfMemory;
    defer c.bio_release(line);
    try write(line, label);
    try check(c.bio_write_snapshot(line, snapshot));
    try check(c.bio_seek(line, 0, c.BYTESIO_SEEK_SET, null));
    var moved: usize = 0;
    var os_error: c_int = 0;
    try check(c.bio_write_fd(line, 1, std.math.maxInt(usize), &moved, &os_error));
}

pub fn main() !void {
    const stream = c.bio_new() orelse return error.OutOfMemory;
    defer c.bio_release(stream);

    try write(stream, "size=?? hello, bytes\n");
    const before = try getvalue(stream);
    defer c.bio_snapshot_release(before);

    try check(c.bio_seek(stream, 5, c.BYTESIO_SEEK_SET, null));
    try write(stream, "13");
    try capitalise(stream, 8);
    const after = try getvalue(stream);
    defer c.bio_snapshot_release(after);

    try print("before: ", before);
    try print("after:  ", after);
}
