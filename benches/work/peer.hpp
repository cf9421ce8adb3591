// What a peer is: a stream class with these operations, as many of them as it has. A work item asks by concept
// what it needs, so a peer that cannot do it is left out of it.
#pragma once
#include "sizes.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace work
{
// A wrong answer ends the run: numbers for wrong work are worth nothing.
#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            std::fprintf(stderr, "%s:%d: wrong: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                               \
        }                                                                               \
    } while (0)

// An immutable copy or share of the content: data may be in pieces, hence at(). Let go by its destructor.
template <class V>
concept Value = std::movable<V> && requires(const V &value, std::size_t i) {
    { value.size() } -> std::convertible_to<std::size_t>;
    { value.at(i) } -> std::convertible_to<char>;
};

// `write` appends, `clear` makes it empty and keeps its memory if the peer can do so.
template <class P>
concept Stream = requires(P &peer, const char *data, std::size_t n) {
    peer.write(data, n);
    { peer.length() } -> std::convertible_to<std::size_t>;
    peer.clear();
};

// Reads what has been written: rewind() goes back to its start, read() gives 0 at its end.
template <class P>
concept Readable = Stream<P> && requires(P &peer, char *data, std::size_t n) {
    peer.rewind();
    { peer.read(data, n) } -> std::convertible_to<std::size_t>;
};

// line() goes on by a line and gives its length, line feed included; 0 at the end.
template <class P>
concept ReadsLines = Stream<P> && requires(P &peer) {
    peer.rewind();
    { peer.line() } -> std::convertible_to<std::size_t>;
};

template <class P>
concept GivesValues = Stream<P> && requires(P &peer) {
    { peer.value() } -> Value;
};

template <class P>
concept Overwrites =
    Stream<P> && requires(P &peer, const char *data, std::size_t n) { peer.overwrite(n, data, n); };

// view() keeps a window open while it lives; its data() may be written through.
template <class P>
concept Viewable = GivesValues<P> && requires(P &peer) {
    { peer.view().data() } -> std::convertible_to<char *>;
};

// clone() gives an independent stream with the same content.
template <class P>
concept Clones = Stream<P> && requires(P &peer) {
    { peer.clone() } -> std::same_as<std::unique_ptr<P>>;
};

// Peers whose value() copies take quadratic time in the growing log; true unless the peer says otherwise.
template <class P> constexpr bool copies_values = true;
template <class P>
    requires requires { P::shares_values; }
constexpr bool copies_values<P> = !P::shares_values;

// Values that a second thread may use while the first goes on writing; so unless the peer says otherwise.
template <class P> constexpr bool values_cross_threads = GivesValues<P>;
template <class P>
    requires requires { P::values_stay_on_thread; }
constexpr bool values_cross_threads<P> = false;

// Peers that cannot grow are told how much they will be asked to hold.
template <class P> std::unique_ptr<P> make(std::size_t capacity)
{
    if constexpr (std::constructible_from<P, std::size_t>) {
        return std::make_unique<P>(capacity);
    } else {
        return std::make_unique<P>();
    }
}

// Scratch bytes to write, up to 1 MiB: warm, and with no line feed in them.
inline const char *filler(std::size_t n)
{
    static const std::string bytes = [] {
        std::string letters(MiB, ' ');
        for (std::size_t i = 0; i < letters.size(); ++i) {
            letters[i] = char('a' + i % 26);
        }
        return letters;
    }();
    CHECK(n <= bytes.size());
    return bytes.data();
}

template <Stream P> void fill(P &peer, std::size_t size, std::size_t piece)
{
    const char *data = filler(piece);
    for (std::size_t done = 0; done < size; done += piece) {
        peer.write(data, size - done < piece ? size - done : piece);
    }
}
} // namespace work
