// The question this library answers: values are held, some pages of the stream change, by a write or through the
// pointer of a live view, and the next value is taken. How long does a round take, and what is held in memory?
#pragma once
#include "item.hpp"
#include "process.hpp"
#include "sizes.hpp"
#include "threads.hpp"

#include <chrono>
#include <cstring>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace work
{
// One measurement: so many bytes, so many pages changed a round, so many values alive while they change.
struct Case {
    std::size_t size, pages, held;
};

inline Case case_of(const benchmark::State &state)
{
    return {std::size_t(state.range(0)), std::size_t(state.range(1)), std::size_t(state.range(2))};
}

// What a round writes; what the stream is filled with is in lower case.
inline char mark_of(std::size_t round)
{
    return char('A' + round % 26);
}

// Rounds on one stream. A round writes its mark into the first byte of each page it changes; these pages are far apart
// from each other, and each comes once before any again. So what a value must hold follows from its round's number.
template <GivesValues P> class Rounds
{
    using V = decltype(std::declval<P &>().value());

    P &peer;
    const Case what;
    const std::size_t pages, step;
    std::size_t page_now = 0, round = 0, oldest = 0;
    std::vector<V> held;

    void keep(V value)
    {
        if (held.size() < what.held) {
            held.push_back(std::move(value));
        } else if (what.held > 0) {
            held[oldest] = std::move(value);
            oldest = oldest + 1 == what.held ? 0 : oldest + 1;
        }
    }

    // What each page begins with after so many rounds; 0 where none has changed it.
    std::vector<char> marks(std::size_t rounds) const
    {
        std::vector<char> found(pages, 0);
        const std::size_t writes = rounds * what.pages, last = writes > pages ? writes - pages : 0;
        for (std::size_t i = writes; i > last; --i) {
            found[i % pages * step % pages] = mark_of((i - 1) / what.pages + 1);
        }
        return found;
    }

    void check(const V &value, std::size_t rounds) const
    {
        const std::vector<char> expected = marks(rounds);
        CHECK(value.size() == what.size);
        for (std::size_t at = 0, i = 0; at < what.size; at += page, ++i) {
            const char *filled = filler(piece) + at % piece;
            const std::size_t rest = std::min(page, what.size - at) - 1;
            CHECK(value.at(at) == (i < pages && expected[i] ? expected[i] : *filled));
            if constexpr (requires { value.data(); }) {
                CHECK(std::memcmp(value.data() + at + 1, filled + 1, rest) == 0);
            } else {
                CHECK(value.at(at + 1) == filled[1] && value.at(at + rest) == filled[rest]);
            }
        }
    }

  public:
    Rounds(P &stream, Case asked) : peer(stream), what(asked), pages(asked.size / page), step(stride % pages)
    {
        CHECK(pages < stride || pages % stride != 0);
        fill(peer, what.size, piece);
        held.reserve(what.held);
    }

    template <class Change, class Use> void run(Change change, Use use)
    {
        const char mark = mark_of(++round);
        for (std::size_t i = 0; i < what.pages; ++i) {
            page_now += step;
            page_now -= page_now >= pages ? pages : 0;
            change(page_now * page, mark);
        }
        V value = peer.value();
        CHECK(value.size() == what.size && (what.pages == 0 || value.at(page_now * page) == mark));
        use(value);
        keep(std::move(value));
    }

    // Rounds before there is anything to measure: all values held, and what the stream learns about its use is learnt.
    template <class Change, class Use> void begin(Change change, Use use)
    {
        for (std::size_t i = 0; i < what.held + (copies_values<P> ? 1 : 3); ++i) {
            run(change, use);
        }
    }

    // Every byte of the values held, the newest and the oldest alone where that is much, and that one more change
    // reaches the next value and none before.
    template <class Change> void verify(Change change)
    {
        const std::size_t every = what.size <= 4 * MiB ? 1 : std::max<std::size_t>(1, what.held - 1);
        auto all = [&] {
            for (std::size_t age = 0; age < held.size(); age += every) {
                check(held[(oldest + held.size() - 1 - age) % held.size()], round - age);
            }
        };
        all();
        check(peer.value(), round);
        change(0, '!');
        const V next = peer.value();
        CHECK(next.at(0) == '!' && peer.length() == what.size);
        all();
    }
};

// The two ways to change bytes, each given to `go` as a function of an offset and a byte.
struct ByOverwriting {
    template <class P, class Go> static void with(P &peer, Go go)
    {
        go([&](std::size_t at, char byte) { peer.overwrite(at, &byte, 1); });
    }
};
struct ThroughView {
    template <class P, class Go> static void with(P &peer, Go go)
    {
        auto window = peer.view();
        go([&](std::size_t at, char byte) { window.data()[at] = byte; });
    }
};

// In batches that double, so that the clock is read rarely; gives how many rounds there were.
template <class Round> std::size_t rounds_for(std::size_t nanoseconds, Round round)
{
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + std::chrono::nanoseconds(nanoseconds);
    std::size_t done = 0;
    for (std::size_t batch = 1; done == 0 || clock::now() < end; batch *= 2) {
        for (std::size_t i = 0; i < batch; ++i) {
            round();
        }
        done += batch;
    }
    return done;
}

template <class P, class Way, class Use> void question(benchmark::State &state, Use use)
{
    const Case what = case_of(state);
    auto peer = make<P>(what.size);
    Rounds<P> rounds(*peer, what);
    Way::with(*peer, [&](auto change) {
        auto round = [&] { rounds.run(change, use); };
        rounds.begin(change, use);
        rounds_for(question_time / 2, round);
        std::size_t done = 0;
        for (auto _ : state) {
            done = rounds_for(question_time, round);
        }
        operations(state, done);
        rounds.verify(change);
    });
}

template <class P, class Way> void ask(benchmark::State &state)
{
    question<P, Way>(state, [](const auto &) {});
}

template <class P, class Way> void ask_beside(benchmark::State &state)
{
    Bystander bystander;
    ask<P, Way>(state);
}

inline void read_whole(const char *data, std::size_t n)
{
    CHECK(std::memchr(data, 0, n) == nullptr);
}

// Each value is read from its first byte to its last.
template <class P> void ask_reading(benchmark::State &state)
{
    question<P, ByOverwriting>(state, [](const auto &value) { read_whole(value.data(), value.size()); });
}

// What `work` measures in a process of its own, which begins without anything that others have left.
template <class Work> double in_child(Work work)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const double measured = work();
        _exit(::write(ends[1], &measured, sizeof measured) == sizeof measured ? 0 : 1);
    }
    double measured = 0;
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(::read(ends[0], &measured, sizeof measured) == sizeof measured);
    close(ends[0]);
    close(ends[1]);
    return measured;
}

// What is held over the payload, with the values, after the rounds that a measurement begins with and as many again.
template <class P, class Way> void ask_memory(benchmark::State &state)
{
    const Case what = case_of(state);
    filler(piece);
    for (auto _ : state) {
        state.counters["held"] = in_child([&] {
            malloc_trim(0); // what the parent has freed is not there to be used again
            const std::size_t before = held_exactly();
            auto peer = make<P>(what.size);
            Rounds<P> rounds(*peer, what);
            double held = 0;
            Way::with(*peer, [&](auto change) {
                auto unread = [](const auto &) {};
                rounds.begin(change, unread);
                rounds.begin(change, unread);
                held = (double(held_exactly()) - double(before)) / double(what.size);
            });
            return held;
        });
    }
    operations(state, 1);
}

inline std::vector<std::size_t> question_pages(std::size_t size)
{
    const std::size_t all = size / page;
    std::vector<std::size_t> found;
    for (std::size_t pages : {std::size_t(0), std::size_t(1), std::size_t(10), std::size_t(100)}) {
        if (pages < all) {
            found.push_back(pages);
        }
    }
    if (all / 100 > 100) {
        found.push_back(all / 100);
    }
    found.push_back(all);
    return found;
}

using Asked = bool (*)(Case);

// Who copies pays the same whatever changes and however much is held. Many values of which each byte differs are so
// many copies, whoever makes them: that much memory is not asked for.
template <class P> bool asked(Case what)
{
    const bool all = what.pages == what.size / page;
    return copies_values<P> ? what.held == 1 && (what.pages <= 1 || all)
                            : what.size <= 16 * MiB || !all || what.held <= 2;
}

// Of another configuration: one page, 1 % and all, the last value or two being held.
inline bool asked_in_short(Case what)
{
    const std::size_t all = what.size / page;
    return what.held >= 1 && what.held <= 2 &&
           (what.pages <= 1 || what.pages == all / 100 || what.pages == all);
}

template <class P, class Way>
void register_changes(const std::string &kind, const std::vector<std::size_t> &sizes, std::size_t fewest,
                      Asked asked)
{
    for (std::size_t size : sizes) {
        for (std::size_t pages : question_pages(size)) {
            for (std::size_t held : {0, 1, 2, 3, 10}) {
                if (pages < fewest || !asked({size, pages, held})) {
                    continue;
                }
                const std::vector<std::int64_t> arguments{std::int64_t(size), std::int64_t(pages),
                                                          std::int64_t(held)};
                item("question/" + kind, ask<P, Way>)->Args(arguments)->Iterations(1);
                if (!copies_values<P>) {
                    item("memory/question/" + kind, ask_memory<P, Way>)->Args(arguments)->Iterations(1);
                }
                if (!copies_values<P> && size == MB) {
                    item("threads/question/" + kind, ask_beside<P, Way>)->Args(arguments)->Iterations(1);
                }
            }
        }
    }
}

inline const std::vector<std::size_t> question_sizes = {16 * KiB, 64 * KiB, 256 * KiB, MB,
                                                        4 * MiB,  16 * MiB, 50 * MiB,  256 * MiB};

template <class P>
void register_question(const std::vector<std::size_t> &sizes = question_sizes, Asked cases = asked<P>)
{
    if constexpr (GivesValues<P> && Overwrites<P>) {
        register_changes<P, ByOverwriting>("overwrite", sizes, 1, cases);
        if constexpr (requires(P &peer) { peer.value().data(); }) {
            for (std::size_t size : sizes) {
                for (int pages : {0, 1}) {
                    item("question/read", ask_reading<P>)
                        ->Args({std::int64_t(size), pages, 1})
                        ->Iterations(1);
                }
            }
        }
    }
    if constexpr (Viewable<P>) {
        register_changes<P, ThroughView>("view", sizes, 0, cases);
    }
}

// What it is held against: a copy from warm memory to warm memory, and reading warm memory.
inline void copy(benchmark::State &state)
{
    const std::size_t size = state.range(0);
    const std::string from(size, 'a');
    std::string to(size, 'b');
    auto round = [&] {
        std::memcpy(to.data(), from.data(), size);
        benchmark::ClobberMemory();
    };
    round();
    for (auto _ : state) {
        operations(state, rounds_for(question_time, round));
    }
    CHECK(to == from);
}

inline void reading(benchmark::State &state)
{
    const std::string bytes(state.range(0), 'a');
    auto round = [&] {
        read_whole(bytes.data(), bytes.size());
        benchmark::ClobberMemory(); // or once were enough
    };
    round();
    for (auto _ : state) {
        operations(state, rounds_for(question_time, round));
    }
}

inline void register_question_limits()
{
    for (std::size_t size : question_sizes) {
        once("question/copy", copy, {size});
        once("question/reading", reading, {size});
    }
}
} // namespace work
