// Bulk building: from nothing, again and again in one process, and cold: once, in a process of its own.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

namespace work
{
template <Stream P> void build(benchmark::State &state, std::size_t bytes)
{
    const std::size_t size = state.range(0);
    filler(bytes);
    if constexpr (requires { P::prepare(size); }) {
        P::prepare(size); // the limit's memory is warm
    }
    for (auto _ : state) {
        auto peer = make<P>(size);
        fill(*peer, size, bytes);
        CHECK(peer->length() == size);
    }
    operations(state, 1);
}

template <Stream P> void build_pieces(benchmark::State &state)
{
    build<P>(state, piece);
}
template <Stream P> void build_chunks(benchmark::State &state)
{
    build<P>(state, MiB);
}

template <Stream P> void register_bulk()
{
    const auto sizes = {1 * MiB, 16 * MiB, 50 * MiB, 256 * MiB};
    item("build/pieces", build_pieces<P>, sizes);
    item("build/chunks", build_chunks<P>, {50 * MiB});
    once("cold/pieces", build_pieces<P>, sizes);
    once("cold/chunks", build_chunks<P>, {50 * MiB});
}
} // namespace work
