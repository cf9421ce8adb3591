// How a work item meets the harness. Names are GROUP[/KIND]/PARAMETERS; the runner picks groups by name.
#pragma once
#include "peer.hpp"
#include "process.hpp"

#include <benchmark/benchmark.h>

#include <initializer_list>

namespace work
{
// One measured iteration consists of so many operations; the report divides by it. How many threads the process has
// at the end is recorded too: locks may cost nothing while it is one.
inline void operations(benchmark::State &state, std::size_t count)
{
    state.counters["threads"] = benchmark::Counter(double(threads_now()));
    state.counters["operations"] = benchmark::Counter(double(count));
}

using Function = void (*)(benchmark::State &);

// Both times are recorded: that of the clock, and that of the processor, of all threads and the system together.
inline benchmark::internal::Benchmark *item(const std::string &name, Function run)
{
    return benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->MeasureProcessCPUTime();
}

using Parameters = std::initializer_list<std::size_t>;

inline void item(const std::string &name, Function run, Parameters parameters)
{
    auto *registered = item(name, run);
    for (std::size_t parameter : parameters) {
        registered->Arg(std::int64_t(parameter));
    }
}

// Work that cannot be repeated within a process, or is long enough by itself.
inline void once(const std::string &name, Function run, Parameters parameters)
{
    auto *registered = item(name, run)->Iterations(1);
    for (std::size_t parameter : parameters) {
        registered->Arg(std::int64_t(parameter));
    }
}
} // namespace work
