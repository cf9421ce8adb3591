// glibc's open_memstream: written with fwrite(); it cannot be read; a value is fflush() and a copy.
#include "../work/main.hpp"
#include "../work/stdio_peer.hpp"

#include <gnu/libc-version.h>

namespace
{
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
    std::string value()
    {
        const std::size_t n = length();
        return std::string(bytes, n);
    }
};
} // namespace

PEER_MAIN(Peer, "open_memstream", std::string("glibc ") + gnu_get_libc_version())
