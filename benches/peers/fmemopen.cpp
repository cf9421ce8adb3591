// glibc's fmemopen, over memory of a fixed size that it is told beforehand: fwrite(), fread(), getline(); a value is
// fflush() and a copy.
#include "../work/main.hpp"
#include "../work/stdio_peer.hpp"

#include <gnu/libc-version.h>

namespace
{
class Peer : public work::StdioPeer
{
    char *bytes;
    char *text = nullptr;
    std::size_t text_room = 0;

    // One byte more than is written: fmemopen puts a NUL behind what it flushes.
    explicit Peer(char *memory, std::size_t capacity)
        : StdioPeer(fmemopen(memory, capacity + 1, "w+")), bytes(memory)
    {
    }

  public:
    explicit Peer(std::size_t capacity) : Peer(static_cast<char *>(std::malloc(capacity + 1)), capacity)
    {
    }
    ~Peer()
    {
        std::fclose(file);
        std::free(bytes);
        std::free(text);
    }
    void rewind()
    {
        std::rewind(file);
    }
    std::size_t read(char *data, std::size_t n)
    {
        return std::fread(data, 1, n, file);
    }
    std::size_t line()
    {
        const ssize_t n = ::getline(&text, &text_room, file);
        return n < 0 ? 0 : std::size_t(n);
    }
    std::string value()
    {
        const std::size_t n = length();
        return std::string(bytes, n);
    }
};
} // namespace

PEER_MAIN(Peer, "fmemopen", std::string("glibc ") + gnu_get_libc_version())
