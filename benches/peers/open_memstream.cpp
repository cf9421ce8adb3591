// glibc's open_memstream: written with fwrite(); it cannot be read; a value is fflush() and a copy.
#include "../work/main.hpp"
#include "../work/stdio_peer.hpp"

#include <gnu/libc-version.h>

namespace
{
class Hand
{
    std::FILE *file;

  public:
    explicit Hand(std::FILE *opened) : file(opened)
    {
    }
    template <std::size_t n> void put(const char *data)
    {
        CHECK(n == 1 ? fputc_unlocked(*data, file) != EOF : fwrite_unlocked(data, 1, n, file) == n);
    }
};

class Peer : public work::StdioPeer
{
    char *bytes;
    std::size_t size;

  public:
    Peer() : StdioPeer(open_memstream(&bytes, &size))
    {
    }
    ~Peer()
    {
        std::fclose(file);
        std::free(bytes);
    }
    Hand hand()
    {
        return Hand(file);
    }
    std::string value()
    {
        const std::size_t n = length();
        return std::string(bytes, n);
    }
};
} // namespace

PEER_MAIN(Peer, "open_memstream", std::string("glibc ") + gnu_get_libc_version())
