// The sizes of the work, said once: the C++ peers include this, cpython.py reads it.
#pragma once
#include <cstddef>

namespace work
{
constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;
constexpr std::size_t page = 4 * KiB;
constexpr std::size_t MB = 1000000;

constexpr std::size_t small_total = 64 * KiB;  // small writes and reads: this much, then from the start again
constexpr std::size_t line_length = 50;        // its line feed included
constexpr std::size_t piece = 64 * KiB;        // streams are built in pieces of this size
constexpr std::size_t record = 1 * KiB;        // the growing log's entries, and appends after a getvalue
constexpr std::size_t append_span = 4 * MiB;   // so much is appended before the stream is built anew
constexpr std::size_t question_time = 5000000; // nanoseconds that rounds of the question are repeated for
constexpr std::size_t stride = 7919;           // pages are visited in steps of this prime
constexpr std::size_t publish_every = 64;      // records between two snapshots handed to the reading thread
constexpr std::size_t threads_start = 1 * MiB; // what that stream holds at first
constexpr std::size_t threads_rounds = 8;      // publications a measured round consists of
constexpr std::size_t quadratic_log = 3000;    // who copies in each round stops here: it takes seconds
constexpr std::size_t kept_copies_log = 1000; // who keeps a copy of each round stops here: it takes gigabytes
} // namespace work
