// Values taken of a large stream: alone and between appends; and its clones.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

namespace work
{
template <GivesValues P> void getvalue(benchmark::State &state)
{
    const std::size_t size = state.range(0);
    auto peer = make<P>(size);
    fill(*peer, size, piece);
    for (auto _ : state) {
        auto value = peer->value();
        benchmark::DoNotOptimize(value);
    }
    auto value = peer->value();
    CHECK(value.size() == size && value.at(piece) == 'a' && value.at(size - 1) == filler(piece)[piece - 1]);
    operations(state, 1);
}

// The value of the round before is alive while the stream is written on.
template <GivesValues P> void append(benchmark::State &state)
{
    const std::size_t size = state.range(0), limit = size + append_span;
    const char *data = filler(record);
    auto peer = make<P>(limit);
    fill(*peer, size, piece);
    auto value = peer->value();
    std::size_t expected = size;
    for (auto _ : state) {
        if (expected + record > limit) {
            state.PauseTiming();
            peer = make<P>(limit);
            fill(*peer, size, piece);
            value = peer->value();
            expected = size;
            state.ResumeTiming();
        }
        peer->write(data, record);
        value = peer->value();
        expected += record;
        CHECK(value.size() == expected);
    }
    operations(state, 1);
}

template <Clones P> void clone(benchmark::State &state)
{
    const std::size_t size = state.range(0);
    auto peer = make<P>(size);
    fill(*peer, size, piece);
    for (auto _ : state) {
        auto other = peer->clone();
        CHECK(other->length() == size);
    }
    operations(state, 1);
}

template <class P> void register_values()
{
    if constexpr (GivesValues<P>) {
        item("getvalue", getvalue<P>, {1 * MiB, 50 * MiB});
        item("append", append<P>, {1 * MiB, 16 * MiB, 50 * MiB});
    }
}

template <class P> void register_clone()
{
    if constexpr (Clones<P>) {
        item("clone", clone<P>, {1 * MiB, 50 * MiB});
    }
}
} // namespace work
