// main() of a peer's program. The runner starts it once for each group of items (by filter), so that a process
// that measures single-thread work has one thread.
#pragma once
#include "bulk.hpp"
#include "inlined.hpp"
#include "log.hpp"
#include "memory.hpp"
#include "question.hpp"
#include "small.hpp"
#include "snapshots.hpp"
#include "threads.hpp"

namespace work
{
template <class P> void register_all()
{
    register_small<P>();
    register_inlined<P>();
    register_bulk<P>();
    register_values<P>();
    register_clone<P>();
    register_question<P>();
    register_log<P>();
    register_threads<P>();
    register_memory<P>();
}

inline int run(int argc, char **argv, const char *name, const std::string &version)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 1;
    }
    benchmark::AddCustomContext("peer", name);
    benchmark::AddCustomContext("peer_version", version);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
} // namespace work

#define PEER_MAIN(P, name, version)                  \
    int main(int argc, char **argv)                  \
    {                                                \
        work::register_all<P>();                     \
        return work::run(argc, argv, name, version); \
    }
