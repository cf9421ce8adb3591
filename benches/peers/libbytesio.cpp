// libbytesio through its shared library, as a C program calls it.
#include "../work/main.hpp"

#include <bytesio.h>

namespace
{
class Snapshot
{
    bio_snapshot *handle = nullptr;

  public:
    explicit Snapshot(bio_snapshot *taken) : handle(taken)
    {
    }
    Snapshot(Snapshot &&other) noexcept : handle(std::exchange(other.handle, nullptr))
    {
    }
    Snapshot &operator=(Snapshot &&other) noexcept
    {
        std::swap(handle, other.handle);
        return *this;
    }
    ~Snapshot()
    {
        bio_snapshot_release(handle);
    }
    std::size_t size() const
    {
        return bio_snapshot_len(handle);
    }
    const char *data() const
    {
        return reinterpret_cast<const char *>(bio_snapshot_data(handle));
    }
    char at(std::size_t i) const
    {
        return data()[i];
    }
};

class View
{
    bio_view *handle = nullptr;
    char *bytes;

  public:
    explicit View(bio_stream *stream)
    {
        CHECK(bio_getbuffer(stream, BYTESIO_VIEW_WRITABLE, &handle) == BYTESIO_OK);
        uint8_t *data = nullptr;
        CHECK(bio_view_data_mut(handle, &data) == BYTESIO_OK);
        bytes = reinterpret_cast<char *>(data);
    }
    View(const View &) = delete;
    ~View()
    {
        bio_view_release(handle);
    }
    char *data()
    {
        return bytes;
    }
};

// Without a cursor its functions are calls.
class Hand
{
    bio_stream *stream;
    bio_cursor *cursor;

  public:
    Hand(bio_stream *written, bio_cursor *shown) : stream(written), cursor(shown)
    {
    }
    template <std::size_t n> void put(const char *data)
    {
        CHECK((n == 1 ? bio_put_byte(stream, cursor, std::uint8_t(*data))
                      : bio_put(stream, cursor, data, n)) == BYTESIO_OK);
    }
    template <std::size_t n> bool get(char *data)
    {
        return bio_get(stream, cursor, data, n) == BYTESIO_OK;
    }
};

class Peer
{
  protected:
    bio_stream *stream;

  public:
    static constexpr bool shares_values = true;

    explicit Peer(bio_stream *made = bio_new()) : stream(made)
    {
        CHECK(stream != nullptr);
    }
    Peer(const Peer &) = delete;
    ~Peer()
    {
        bio_release(stream);
    }
    void write(const char *data, std::size_t n)
    {
        CHECK(bio_write(stream, data, n) == BYTESIO_OK);
    }
    std::size_t length()
    {
        return bio_len(stream);
    }
    void clear()
    {
        CHECK(bio_clear(stream) == BYTESIO_OK);
    }
    void rewind()
    {
        CHECK(bio_seek(stream, 0, BYTESIO_SEEK_SET, nullptr) == BYTESIO_OK);
    }
    std::size_t read(char *data, std::size_t n)
    {
        std::size_t got = 0;
        CHECK(bio_read(stream, data, n, &got) == BYTESIO_OK);
        return got;
    }
    Hand hand()
    {
        return Hand(stream, nullptr);
    }
    std::size_t line()
    {
        const std::uint8_t *at = nullptr;
        std::size_t n = 0;
        CHECK(bio_readline(stream, SIZE_MAX, &at, &n) == BYTESIO_OK);
        return n;
    }
    Snapshot value()
    {
        bio_snapshot *taken = nullptr;
        CHECK(bio_getvalue(stream, &taken) == BYTESIO_OK);
        return Snapshot(taken);
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        CHECK(bio_pwrite(stream, data, n, offset) == BYTESIO_OK);
    }
    View view()
    {
        return View(stream);
    }
    std::unique_ptr<Peer> clone()
    {
        bio_stream *other = nullptr;
        CHECK(bio_clone(stream, &other) == BYTESIO_OK);
        return std::make_unique<Peer>(other);
    }
};
} // namespace

#if defined(UNLOCKED) || defined(NEVER_MAPPED)
class Configured : public Peer
{
    static bio_stream *make()
    {
        bio_options options = BYTESIO_OPTIONS_INIT;
#ifdef UNLOCKED
        options.flags = BYTESIO_STREAM_UNLOCKED;
#else
        options.mapped_from = SIZE_MAX;
#endif
        bio_stream *stream = nullptr;
        CHECK(bio_new_with(&options, &stream) == BYTESIO_OK);
        return stream;
    }

  public:
    Configured() : Peer(make())
    {
    }
#ifdef UNLOCKED
    Hand hand()
    {
        bio_cursor *cursor = nullptr;
        CHECK(bio_cursor_of(stream, &cursor) == BYTESIO_OK);
        return Hand(stream, cursor);
    }
#endif
};

int main(int argc, char **argv)
{
#ifdef UNLOCKED
    // For a stream that one thread uses: no lock, however many threads there are.
    const char *name = "libbytesio, unlocked";
    work::register_locking<Configured>();
    // And whose small writes and reads are inlined.
    work::register_inlined<Configured>();
#else
    const char *name = "libbytesio, mapped_from SIZE_MAX";
    work::register_question<Configured>({50 * work::MiB, 256 * work::MiB}, work::asked_in_short);
#endif
    return work::run(argc, argv, name, std::string("libbytesio ") + bio_version());
}
#else
PEER_MAIN(Peer, "libbytesio", std::string("libbytesio ") + bio_version())
#endif
