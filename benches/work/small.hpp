// Small writes, reads and lines: 64 KiB in pieces, then from the start again, into memory that is there already.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

namespace work
{
constexpr Parameters small_sizes = {8, 16, 64, 256, 1024, 4096};

template <Stream P> void write(benchmark::State &state)
{
    const std::size_t size = state.range(0), count = small_total / size;
    const char *data = filler(size);
    auto peer = make<P>(small_total);
    for (auto _ : state) {
        peer->clear();
        for (std::size_t i = 0; i < count; ++i) {
            peer->write(data, size);
        }
        CHECK(peer->length() == count * size);
    }
    operations(state, count);
}

// The same with a stream of its own each time: making, growing and freeing it included.
template <Stream P> void write_new(benchmark::State &state)
{
    const std::size_t size = state.range(0), count = small_total / size;
    const char *data = filler(size);
    for (auto _ : state) {
        auto peer = make<P>(small_total);
        for (std::size_t i = 0; i < count; ++i) {
            peer->write(data, size);
        }
        CHECK(peer->length() == count * size);
    }
    operations(state, count);
}

template <Readable P> void read(benchmark::State &state)
{
    const std::size_t size = state.range(0), count = small_total / size;
    std::string out(size, '\0');
    auto peer = make<P>(small_total);
    fill(*peer, small_total, size);
    for (auto _ : state) {
        peer->rewind();
        for (std::size_t i = 0; i < count; ++i) {
            CHECK(peer->read(out.data(), size) == size);
            benchmark::DoNotOptimize(out.data());
            benchmark::ClobberMemory();
        }
    }
    CHECK(out.compare(0, size, filler(size), size) == 0);
    operations(state, count);
}

template <ReadsLines P> void lines(benchmark::State &state)
{
    const std::size_t size = state.range(0), count = small_total / size;
    std::string line(filler(size), size);
    line.back() = '\n';
    auto peer = make<P>(small_total);
    for (std::size_t i = 0; i < count; ++i) {
        peer->write(line.data(), size);
    }
    for (auto _ : state) {
        peer->rewind();
        std::size_t seen = 0;
        while (peer->line() == size) {
            ++seen;
        }
        CHECK(seen == count);
    }
    operations(state, count);
}

template <Stream P> void register_small()
{
    item("write", write<P>, small_sizes);
    item("write_new", write_new<P>, {16, 64});
    if constexpr (Readable<P>) {
        item("read", read<P>, small_sizes);
    }
    if constexpr (ReadsLines<P>) {
        item("lines", lines<P>, {line_length});
    }
}
} // namespace work
