// With a second thread: small calls while it merely exists (locks are no longer skipped), and a writer that hands
// a value to a reading thread every so many records.
#pragma once
#include "item.hpp"
#include "small.hpp"
#include "snapshots.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace work
{
// A thread that sleeps for as long as this lives.
class Bystander
{
    std::mutex mutex;
    std::condition_variable wake;
    bool done = false;
    std::thread thread;

  public:
    Bystander()
        : thread([this] {
              std::unique_lock lock(mutex);
              wake.wait(lock, [this] { return done; });
          })
    {
    }
    ~Bystander()
    {
        {
            std::lock_guard lock(mutex);
            done = true;
        }
        wake.notify_one();
        thread.join();
    }
};

template <Stream P> void write_beside(benchmark::State &state)
{
    Bystander bystander;
    write<P>(state);
}

template <Readable P> void read_beside(benchmark::State &state)
{
    Bystander bystander;
    read<P>(state);
}

template <GivesValues P> void getvalue_beside(benchmark::State &state)
{
    Bystander bystander;
    getvalue<P>(state);
}

// Takes what is published last and checks it, all the time.
template <class V> class Reader
{
    std::mutex mutex;
    std::shared_ptr<const V> latest;
    std::atomic<bool> done{false};
    std::atomic<std::size_t> checked{0};
    std::thread thread;

    void look()
    {
        std::size_t longest = 0;
        while (!done.load()) {
            std::shared_ptr<const V> value;
            {
                std::lock_guard lock(mutex);
                value = latest;
            }
            if (!value) {
                std::this_thread::yield();
                continue;
            }
            const std::size_t size = value->size();
            CHECK(size >= record && size % record == 0);
            for (std::size_t at = size - record; at < size; ++at) {
                CHECK(value->at(at) == filler(record)[at % record]);
            }
            longest = std::max(longest, size);
            checked.fetch_add(1);
        }
        CHECK(longest > 0);
    }

  public:
    Reader() : thread([this] { look(); })
    {
    }
    void publish(V value)
    {
        auto next = std::make_shared<const V>(std::move(value));
        std::lock_guard lock(mutex);
        latest.swap(next);
    }
    std::size_t seen() const
    {
        return checked.load();
    }
    std::size_t stop()
    {
        done.store(true);
        thread.join();
        return checked.load();
    }
};

template <GivesValues P> void publish(benchmark::State &state)
{
    const std::size_t round = threads_rounds * publish_every * record;
    const char *data = filler(record);
    std::size_t checked = 0;
    for (auto _ : state) {
        state.PauseTiming();
        auto peer = make<P>(threads_start + round);
        fill(*peer, threads_start, record);
        Reader<decltype(peer->value())> reader;
        reader.publish(peer->value());
        state.ResumeTiming();
        for (std::size_t i = 0; i < threads_rounds; ++i) {
            for (std::size_t j = 0; j < publish_every; ++j) {
                peer->write(data, record);
            }
            reader.publish(peer->value());
        }
        state.PauseTiming();
        while (reader.seen() == 0) {
            std::this_thread::yield();
        }
        checked += reader.stop();
        CHECK(peer->length() == threads_start + round);
        peer.reset();
        state.ResumeTiming();
    }
    state.counters["checked"] = double(checked);
    operations(state, threads_rounds * publish_every);
}

template <Stream P> void register_locking()
{
    item("threads/write", write_beside<P>, small_sizes);
    if constexpr (Readable<P>) {
        item("threads/read", read_beside<P>, small_sizes);
    }
}

template <class P> void register_threads()
{
    register_locking<P>();
    if constexpr (GivesValues<P>) {
        item("threads/getvalue", getvalue_beside<P>, {1 * MiB});
    }
    if constexpr (values_cross_threads<P>) {
        item("threads/publish", publish<P>);
    }
}
} // namespace work
