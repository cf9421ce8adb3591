// Values taken of a large stream: alone, between appends, between overwrites, and of a clone.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

namespace work
{
// Visits pages of [0, size) far apart from each other, each once before any again.
class Pages
{
    std::size_t count, at = 0;

  public:
    explicit Pages(std::size_t size) : count(size / page)
    {
    }
    std::size_t next()
    {
        at = (at + stride) % count;
        return at * page;
    }
};

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

// A round: take a value, overwrite `count` pieces of `bytes` while it is alive, let it go.
template <class P>
    requires(GivesValues<P> && Overwrites<P>)
void overwrite(benchmark::State &state, std::size_t bytes, std::size_t count)
{
    const std::size_t size = state.range(0);
    auto peer = make<P>(size);
    fill(*peer, size, piece);
    Pages pages(size);
    std::string data(bytes, 'A');
    auto round = [&] {
        const char before = data[0];
        data[0] = before == 'Z' ? 'A' : char(before + 1);
        auto value = peer->value();
        std::size_t at = 0;
        for (std::size_t i = 0; i < count; ++i) {
            at = pages.next();
            peer->overwrite(at, data.data(), bytes);
        }
        CHECK(value.size() == size && value.at(at) != data[0]);
    };
    for (int i = 0; i < 3; ++i) {
        round(); // what the stream is used for shows in the second round
    }
    for (auto _ : state) {
        round();
    }
    auto value = peer->value();
    CHECK(value.size() == size && peer->length() == size);
    operations(state, 1);
}

template <class P> void overwrite_byte(benchmark::State &state)
{
    overwrite<P>(state, 1, 1);
}
template <class P> void overwrite_page(benchmark::State &state)
{
    overwrite<P>(state, page, 1);
}
template <class P> void overwrite_percent(benchmark::State &state)
{
    overwrite<P>(state, touch, std::max<std::size_t>(1, state.range(0) / page / 100));
}
template <class P> void overwrite_all(benchmark::State &state)
{
    overwrite<P>(state, touch, state.range(0) / page);
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

template <class P> void register_changes()
{
    if constexpr (GivesValues<P> && Overwrites<P>) {
        const auto sizes = {1 * MiB, 16 * MiB, 50 * MiB, 256 * MiB};
        item("overwrite/byte", overwrite_byte<P>, sizes);
        item("overwrite/page", overwrite_page<P>, sizes);
        item("overwrite/percent", overwrite_percent<P>, sizes);
        item("overwrite/all", overwrite_all<P>, sizes);
    }
    if constexpr (Clones<P>) {
        item("clone", clone<P>, {1 * MiB, 50 * MiB});
    }
}
} // namespace work
