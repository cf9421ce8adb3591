// Memory over payload: one measurement a process. A second thread watches what the process holds at each moment:
// its anonymous memory and the pages of its memfds, which count whether they are mapped or not.
#pragma once
#include "item.hpp"
#include "process.hpp"

#include <atomic>
#include <thread>

namespace work
{
class Watch
{
    std::atomic<bool> done{false}, started{false};
    std::atomic<std::size_t> highest{0};
    std::size_t before;
    std::thread watcher;

    void look()
    {
        while (!done.load()) {
            const std::size_t now = held_about();
            if (now > highest.load()) {
                highest.store(now);
            }
            started.store(true);
        }
    }

  public:
    Watch() : watcher([this] { look(); })
    {
        while (!started.load()) {
            std::this_thread::yield();
        }
        before = held_exactly();
        highest.store(before);
    }
    std::size_t held() const
    {
        return held_exactly() - before;
    }
    std::size_t peak()
    {
        done.store(true);
        watcher.join();
        return std::max(highest.load(), held_exactly()) - before;
    }
};

template <Stream P, class Work> void memory(benchmark::State &state, Work work)
{
    const std::size_t size = state.range(0);
    filler(piece);
    for (auto _ : state) {
        Watch watch;
        auto peer = make<P>(size);
        fill(*peer, size, piece);
        work(*peer, [&] {
            state.counters["held"] = double(watch.held()) / double(size);
            state.counters["peak"] = double(watch.peak()) / double(size);
        });
        CHECK(peer->length() == size);
    }
    operations(state, 1);
}

template <Stream P> void memory_build(benchmark::State &state)
{
    memory<P>(state, [](P &, auto measure) { measure(); });
}

// A value is alive, and one byte has been overwritten since it was taken.
template <class P> void memory_overwrite(benchmark::State &state)
{
    memory<P>(state, [](P &peer, auto measure) {
        auto value = peer.value();
        peer.overwrite(value.size() / 2, "!", 1);
        CHECK(value.at(value.size() / 2) != '!');
        measure();
    });
}

template <class P> void register_memory()
{
    once("memory/build", memory_build<P>, {4 * MiB, 16 * MiB, 50 * MiB, 256 * MiB});
    if constexpr (GivesValues<P> && Overwrites<P>) {
        once("memory/overwrite", memory_overwrite<P>, {50 * MiB});
    }
}
} // namespace work
