// The C API from C++17: a unique_ptr per handle, an exception per error status.
#include <bytesio.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>

namespace
{

// One deleter for the three handles: each overload knows the one right release.
struct Release {
    void operator()(bio_stream *stream) const noexcept
    {
        bio_release(stream);
    }
    void operator()(bio_snapshot *snapshot) const noexcept
    {
        bio_snapshot_release(snapshot);
    }
    void operator()(bio_view *view) const noexcept
    {
        bio_view_release(view);
    }
};

template <typename Handle> using Owned = std::unique_ptr<Handle, Release>;

void check(bio_status status)
{
    if (status != BYTESIO_OK) {
        throw std::runtime_error(bio_strerror(status));
    }
}

void write(bio_stream *stream, std::string_view text)
{
    check(bio_write(stream, text.data(), text.size()));
}

std::string_view text_of(const bio_snapshot *snapshot)
{
    return {reinterpret_cast<const char *>(bio_snapshot_data(snapshot)), bio_snapshot_len(snapshot)};
}

Owned<bio_snapshot> getvalue(bio_stream *stream)
{
    bio_snapshot *snapshot = nullptr;
    check(bio_getvalue(stream, &snapshot));
    return Owned<bio_snapshot>(snapshot);
}

Owned<bio_view> getbuffer(bio_stream *stream, std::uint32_t flags)
{
    bio_view *view = nullptr;
    check(bio_getbuffer(stream, flags, &view));
    return Owned<bio_view>(view);
}

void run()
{
    Owned<bio_stream> stream(bio_new());
    if (!stream) {
        throw std::bad_alloc();
    }
    write(stream.get(), "size=?? hello, bytes\n");
    const auto before = getvalue(stream.get());

    check(bio_seek(stream.get(), 5, BYTESIO_SEEK_SET, nullptr));
    write(stream.get(), "13");
    {
        // What is written through the view is in the stream at once. While it lives, the length is
        // fixed, hence the narrow scope.
        const auto view = getbuffer(stream.get(), BYTESIO_VIEW_WRITABLE);
        uint8_t *bytes = nullptr;
        check(bio_view_data_mut(view.get(), &bytes));
        bytes[8] = 'H';
        if (bio_truncate(stream.get(), 0) != BYTESIO_EXPORTED) {
            throw std::logic_error("the length changed under a view");
        }
    }
    const auto after = getvalue(stream.get());

    stream.reset(); // the snapshots outlive their stream
    std::cout << "before: " << text_of(before.get()) << "after:  " << text_of(after.get());
}

} // namespace

int main()
{
    try {
        run();
    } catch (const std::exception &error) {
        std::cerr << "bytesio: " << error.what() << '\n';
        return 1;
    }
    return std::cout.flush() ? 0 : 1;
}
