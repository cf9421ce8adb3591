// How many instructions a small call takes, counted by valgrind's callgrind: the same on any machine, however busy it
// is. Each piece of work is dumped under its name, and how many calls it consisted of is printed.
#include "../work/peer.hpp"

#include <bytesio.h>
#include <valgrind/callgrind.h>

namespace
{
constexpr std::size_t calls = 2000, settled = 20000; // counted; made before that

template <class Call> void count(const std::string &name, Call call)
{
    for (std::size_t i = 0; i < settled; ++i) {
        call();
    }
    CALLGRIND_ZERO_STATS;
    for (std::size_t i = 0; i < calls; ++i) {
        call();
    }
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    std::printf("%s %zu\n", name.c_str(), calls);
}

// Goes back to the start before a step that would pass the end.
class Walk
{
    bio_stream *stream;
    std::size_t step, at = work::small_total;

  public:
    Walk(bio_stream *walked, std::size_t size) : stream(walked), step(size)
    {
    }
    void next()
    {
        if (at + step > work::small_total) {
            CHECK(bio_seek(stream, 0, BYTESIO_SEEK_SET, nullptr) == BYTESIO_OK);
            at = 0;
        }
        at += step;
    }
};
} // namespace

int main()
{
    const char *data = work::filler(work::small_total);
    std::string out(work::small_total, ' ');
    bio_stream *stream = nullptr;
    CHECK(bio_from_bytes(data, work::small_total, &stream) == BYTESIO_OK);
    for (std::size_t size : {8, 16, 64, 256, 1024, 4096}) {
        Walk walk(stream, size);
        count("write " + std::to_string(size) + " B", [&] {
            walk.next();
            CHECK(bio_write(stream, data, size) == BYTESIO_OK);
        });
        count("read " + std::to_string(size) + " B", [&] {
            std::size_t got = 0;
            walk.next();
            CHECK(bio_read(stream, out.data(), size, &got) == BYTESIO_OK && got == size);
        });
    }
    Walk written(stream, 16), lines(stream, 50);
    count("tell", [&] { CHECK(bio_tell(stream) <= work::small_total); });
    count("seek", [&] { CHECK(bio_seek(stream, 0, BYTESIO_SEEK_SET, nullptr) == BYTESIO_OK); });
    count("pwrite 16 B", [&] { CHECK(bio_pwrite(stream, data, 16, 0) == BYTESIO_OK); });
    count("getvalue, release", [&] {
        bio_snapshot *value = nullptr;
        CHECK(bio_getvalue(stream, &value) == BYTESIO_OK);
        bio_snapshot_release(value);
    });
    count("write 16 B, getvalue, release", [&] {
        bio_snapshot *value = nullptr;
        written.next();
        CHECK(bio_write(stream, data, 16) == BYTESIO_OK && bio_getvalue(stream, &value) == BYTESIO_OK);
        bio_snapshot_release(value);
    });
    count("readline of 50 B", [&] {
        const std::uint8_t *line = nullptr;
        std::size_t got = 0;
        lines.next();
        CHECK(bio_readline(stream, 50, &line, &got) == BYTESIO_OK && got == 50);
    });
    count("new, write 16 B, release", [&] {
        bio_stream *fresh = bio_new();
        CHECK(bio_write(fresh, data, 16) == BYTESIO_OK);
        bio_release(fresh);
    });
    bio_release(stream);
    return 0;
}
