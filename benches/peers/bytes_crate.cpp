// The Rust crate `bytes` behind a C interface of its own (bytes-crate/): BytesMut to write, Bytes to read and as a
// value, which shares; whatever changes bytes that a value holds copies all of them.
#include "../work/main.hpp"

extern "C" {
struct bytes_peer;
struct bytes_value;
bytes_peer *bytes_peer_new();
void bytes_peer_free(bytes_peer *);
bytes_peer *bytes_peer_clone(const bytes_peer *);
void bytes_peer_write(bytes_peer *, const char *, std::size_t);
std::size_t bytes_peer_len(const bytes_peer *);
void bytes_peer_clear(bytes_peer *);
void bytes_peer_rewind(bytes_peer *);
std::size_t bytes_peer_read(bytes_peer *, char *, std::size_t);
void bytes_peer_overwrite(bytes_peer *, std::size_t, const char *, std::size_t);
bytes_value *bytes_peer_value(bytes_peer *);
std::size_t bytes_value_len(const bytes_value *);
const char *bytes_value_data(const bytes_value *);
void bytes_value_free(bytes_value *);
}

namespace
{
class Shared
{
    bytes_value *handle;

  public:
    explicit Shared(bytes_value *taken) : handle(taken)
    {
    }
    Shared(Shared &&other) noexcept : handle(std::exchange(other.handle, nullptr))
    {
    }
    Shared &operator=(Shared &&other) noexcept
    {
        std::swap(handle, other.handle);
        return *this;
    }
    ~Shared()
    {
        bytes_value_free(handle);
    }
    std::size_t size() const
    {
        return bytes_value_len(handle);
    }
    const char *data() const
    {
        return bytes_value_data(handle);
    }
    char at(std::size_t i) const
    {
        return data()[i];
    }
};

class Peer
{
    bytes_peer *stream;

  public:
    explicit Peer(bytes_peer *made = bytes_peer_new()) : stream(made)
    {
    }
    Peer(const Peer &) = delete;
    ~Peer()
    {
        bytes_peer_free(stream);
    }
    void write(const char *data, std::size_t n)
    {
        bytes_peer_write(stream, data, n);
    }
    std::size_t length()
    {
        return bytes_peer_len(stream);
    }
    void clear()
    {
        bytes_peer_clear(stream);
    }
    void rewind()
    {
        bytes_peer_rewind(stream);
    }
    std::size_t read(char *data, std::size_t n)
    {
        return bytes_peer_read(stream, data, n);
    }
    Shared value()
    {
        return Shared(bytes_peer_value(stream));
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        bytes_peer_overwrite(stream, offset, data, n);
    }
    std::unique_ptr<Peer> clone()
    {
        return std::make_unique<Peer>(bytes_peer_clone(stream));
    }
};
} // namespace

PEER_MAIN(Peer, "bytes (Rust)", "bytes " BYTES_CRATE_VERSION)
