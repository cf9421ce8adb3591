// OpenSSL's memory BIO: BIO_write(); reading consumes, so it is read through a read-only BIO over the same bytes,
// BIO_read() and BIO_gets(); a value is a copy.
#include "../work/main.hpp"

#include <cstring>
#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/crypto.h>

namespace
{
class Peer
{
    BIO *bio = BIO_new(BIO_s_mem());
    BIO *reader = nullptr;
    std::string text = std::string(work::KiB, '\0');

    BUF_MEM *memory()
    {
        BUF_MEM *found = nullptr;
        BIO_get_mem_ptr(bio, &found);
        return found;
    }

  public:
    Peer() = default;
    Peer(const Peer &) = delete;
    ~Peer()
    {
        BIO_free(reader);
        BIO_free(bio);
    }
    void write(const char *data, std::size_t n)
    {
        CHECK(BIO_write(bio, data, int(n)) == int(n));
    }
    std::size_t length()
    {
        return memory()->length;
    }
    void clear()
    {
        CHECK(BIO_reset(bio) == 1);
    }
    void rewind()
    {
        if (!reader) {
            reader = BIO_new_mem_buf(memory()->data, int(length()));
        }
        CHECK(BIO_reset(reader) == 1);
    }
    std::size_t read(char *data, std::size_t n)
    {
        const int got = BIO_read(reader, data, int(n));
        return got < 0 ? 0 : std::size_t(got);
    }
    std::size_t line()
    {
        const int got = BIO_gets(reader, text.data(), int(text.size()));
        return got < 0 ? 0 : std::size_t(got);
    }
    std::string value()
    {
        return std::string(memory()->data, length());
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        std::memcpy(memory()->data + offset, data, n);
    }
};
} // namespace

PEER_MAIN(Peer, "OpenSSL BIO", std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING))
