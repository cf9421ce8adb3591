// Writes and reads of a few bytes, as many as the compiler knows: 64 KiB of them, then from the start again. Where the
// peer lets it, they are inlined.
#pragma once
#include "item.hpp"
#include "sizes.hpp"

namespace work
{
// hand() gives what writes (put<N>) and, perhaps, reads (get<N>) at the peer's position.
template <class P>
concept HasHand = Stream<P> && requires(P &peer, const char *data) { peer.hand().template put<8>(data); };

template <class P>
concept HasReadingHand = HasHand<P> && Readable<P> && requires(P &peer, char *data) {
    { peer.hand().template get<8>(data) } -> std::same_as<bool>;
};

template <HasHand P, std::size_t n> void put(benchmark::State &state)
{
    const char *data = filler(n);
    auto peer = make<P>(small_total);
    for (auto _ : state) {
        peer->clear();
        auto hand = peer->hand();
        for (std::size_t i = 0; i < small_total / n; ++i) {
            hand.template put<n>(data);
        }
        CHECK(peer->length() == small_total);
    }
    operations(state, small_total / n);
}

template <HasReadingHand P, std::size_t n> void get(benchmark::State &state)
{
    char out[n] = {};
    auto peer = make<P>(small_total);
    fill(*peer, small_total, n);
    for (auto _ : state) {
        peer->rewind();
        auto hand = peer->hand();
        for (std::size_t i = 0; i < small_total / n; ++i) {
            CHECK(hand.template get<n>(out));
            benchmark::DoNotOptimize(out);
        }
    }
    CHECK(std::string(out, n) == std::string(filler(n), n));
    operations(state, small_total / n);
}

template <Stream P> void register_inlined()
{
    if constexpr (HasHand<P>) {
        item("put/1", put<P, 1>);
        item("put/8", put<P, 8>);
    }
    if constexpr (HasReadingHand<P>) {
        item("get/1", get<P, 1>);
        item("get/8", get<P, 8>);
    }
}
} // namespace work
