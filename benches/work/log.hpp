// The growing log: n times, append a record and take a value. Dropped: each value lives until the next one is
// taken. Kept: all of them live to the end.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

#include <optional>
#include <vector>

namespace work
{
template <GivesValues P> void log_dropped(benchmark::State &state)
{
    const std::size_t rounds = state.range(0);
    const char *data = filler(record);
    for (auto _ : state) {
        auto peer = make<P>(rounds * record);
        peer->write(data, record);
        auto value = peer->value();
        for (std::size_t i = 2; i <= rounds; ++i) {
            peer->write(data, record);
            value = peer->value();
            CHECK(value.size() == i * record);
        }
    }
    operations(state, rounds);
}

// As dropped, and a header at the beginning is rewritten each time, such as one that holds the length.
template <class P> void log_header(benchmark::State &state)
{
    const std::size_t rounds = state.range(0);
    const char *data = filler(record);
    for (auto _ : state) {
        auto peer = make<P>(rounds * record);
        peer->write(data, record);
        auto value = peer->value();
        for (std::size_t i = 2; i <= rounds; ++i) {
            const char mark = char('A' + i % 26);
            peer->write(data, record);
            peer->overwrite(0, &mark, 1);
            CHECK(value.at(0) != mark);
            value = peer->value();
            CHECK(value.size() == i * record && value.at(0) == mark);
        }
    }
    operations(state, rounds);
}

template <GivesValues P> void log_kept(benchmark::State &state)
{
    const std::size_t rounds = state.range(0);
    const char *data = filler(record);
    for (auto _ : state) {
        auto peer = make<P>(rounds * record);
        std::vector<decltype(peer->value())> values;
        values.reserve(rounds);
        for (std::size_t i = 0; i < rounds; ++i) {
            peer->write(data, record);
            values.push_back(peer->value());
        }
        state.PauseTiming();
        for (std::size_t i = 0; i < rounds; ++i) {
            CHECK(values[i].size() == (i + 1) * record && values[i].at(i * record) == 'a');
        }
        values.clear();
        peer.reset();
        state.ResumeTiming();
    }
    operations(state, rounds);
}

template <class P> void register_log()
{
    if constexpr (GivesValues<P>) {
        for (std::size_t rounds : {300, 1000, 3000, 10000, 30000, 100000}) {
            if (!copies_values<P> || rounds <= quadratic_log) {
                once("log/dropped", log_dropped<P>, {rounds});
            }
            if constexpr (Overwrites<P>) {
                if (rounds == quadratic_log) {
                    once("log/header", log_header<P>, {rounds});
                }
            }
            if (!copies_values<P> || rounds <= kept_copies_log) {
                once("log/kept", log_kept<P>, {rounds});
            }
        }
    }
}
} // namespace work
