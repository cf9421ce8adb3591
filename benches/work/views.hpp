// Values taken while a writable view is open, with so many pages changed through its pointer since the last one.
#pragma once
#include "snapshots.hpp"

namespace work
{
template <Viewable P> void view(benchmark::State &state)
{
    const std::size_t size = state.range(0), count = state.range(1);
    auto peer = make<P>(size);
    fill(*peer, size, piece);
    auto window = peer->view();
    Pages pages(size);
    char mark = 'A';
    auto round = [&] {
        mark = mark == 'Z' ? 'A' : char(mark + 1);
        std::size_t at = 0;
        for (std::size_t i = 0; i < count; ++i) {
            at = pages.next();
            window.data()[at] = mark;
        }
        auto value = peer->value();
        CHECK(value.size() == size && (count == 0 || value.at(at) == mark));
        return value;
    };
    auto before = round();
    for (int i = 0; i < 2; ++i) {
        before = round();
    }
    for (auto _ : state) {
        before = round();
    }
    const char kept = before.at(0);
    window.data()[0] = '!';
    CHECK(before.at(0) == kept && peer->value().at(0) == '!');
    operations(state, 1);
}

template <class P> void register_views()
{
    if constexpr (Viewable<P>) {
        auto *registered = item("view", view<P>);
        for (std::size_t size : {1 * MiB, 16 * MiB, 50 * MiB}) {
            for (std::size_t changed : {0, 1, 100, 1000}) {
                if (changed <= size / page) {
                    registered->Args({std::int64_t(size), std::int64_t(changed)});
                }
            }
        }
    }
}
} // namespace work
