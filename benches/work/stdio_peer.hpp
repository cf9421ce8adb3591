// What the two FILE* peers have in common: everything but where the bytes end up.
#pragma once
#include "peer.hpp"

#include <cstdio>

namespace work
{
class StdioPeer
{
  protected:
    std::FILE *file;

    explicit StdioPeer(std::FILE *opened) : file(opened)
    {
        CHECK(file != nullptr);
    }
    // Their memory outlives fclose() in the one and not in the other, so that is theirs to call.
    ~StdioPeer() = default;

  public:
    StdioPeer(const StdioPeer &) = delete;
    void write(const char *data, std::size_t n)
    {
        CHECK(std::fwrite(data, 1, n, file) == n);
    }
    // Flushes too: what has been written is where it belongs.
    std::size_t length()
    {
        CHECK(std::fflush(file) == 0);
        return std::size_t(std::ftell(file));
    }
    void clear()
    {
        std::rewind(file);
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        const long end = std::ftell(file);
        CHECK(std::fseek(file, long(offset), SEEK_SET) == 0);
        write(data, n);
        CHECK(std::fseek(file, end, SEEK_SET) == 0);
    }
};
} // namespace work
