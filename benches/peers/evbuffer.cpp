// libevent's evbuffer: evbuffer_add(), evbuffer_remove(), evbuffer_readln(). It cannot overwrite. A value shares its
// chains by reference (evbuffer_add_buffer_reference()); it is not contiguous and belongs to this thread.
#include "../work/main.hpp"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/thread.h>

namespace
{
class Chains
{
    evbuffer *buffer = evbuffer_new();

  public:
    explicit Chains(evbuffer *source)
    {
        CHECK(evbuffer_add_buffer_reference(buffer, source) == 0);
    }
    Chains(Chains &&other) noexcept : buffer(std::exchange(other.buffer, nullptr))
    {
    }
    Chains &operator=(Chains &&other) noexcept
    {
        std::swap(buffer, other.buffer);
        return *this;
    }
    ~Chains()
    {
        if (buffer) {
            evbuffer_free(buffer);
        }
    }
    std::size_t size() const
    {
        return evbuffer_get_length(buffer);
    }
    char at(std::size_t i) const
    {
        evbuffer_ptr where;
        char found = 0;
        CHECK(evbuffer_ptr_set(buffer, &where, i, EVBUFFER_PTR_SET) == 0);
        CHECK(evbuffer_copyout_from(buffer, &where, &found, 1) == 1);
        return found;
    }
};

class Peer
{
  protected:
    evbuffer *buffer = evbuffer_new();
    std::string whole; // reading consumes: rewind() puts it back by reference

  public:
    static constexpr bool values_stay_on_thread = true;

    Peer() = default;
    Peer(const Peer &) = delete;
    ~Peer()
    {
        evbuffer_free(buffer);
    }
    void write(const char *data, std::size_t n)
    {
        CHECK(evbuffer_add(buffer, data, n) == 0);
    }
    std::size_t length()
    {
        return evbuffer_get_length(buffer);
    }
    void clear()
    {
        CHECK(evbuffer_drain(buffer, length()) == 0);
    }
    void rewind()
    {
        if (whole.empty()) {
            whole.resize(length());
            CHECK(evbuffer_copyout(buffer, whole.data(), whole.size()) == ev_ssize_t(whole.size()));
        }
        clear();
        CHECK(evbuffer_add_reference(buffer, whole.data(), whole.size(), nullptr, nullptr) == 0);
    }
    std::size_t read(char *data, std::size_t n)
    {
        return std::size_t(evbuffer_remove(buffer, data, n));
    }
    std::size_t line()
    {
        std::size_t n = 0;
        char *text = evbuffer_readln(buffer, &n, EVBUFFER_EOL_LF);
        std::free(text);
        return text ? n + 1 : 0;
    }
    Chains value()
    {
        return Chains(buffer);
    }
    std::unique_ptr<Peer> clone()
    {
        auto other = std::make_unique<Peer>();
        CHECK(evbuffer_add_buffer_reference(other->buffer, buffer) == 0);
        return other;
    }
};
} // namespace

#ifdef WITH_LOCK
class Locked : public Peer
{
  public:
    Locked()
    {
        static const int threads = evthread_use_pthreads();
        CHECK(threads == 0 && evbuffer_enable_locking(buffer, nullptr) == 0);
    }
};

int main(int argc, char **argv)
{
    work::register_small<Locked>();
    work::register_locking<Locked>();
    return work::run(argc, argv, "evbuffer, locked", std::string("libevent ") + event_get_version());
}
#else
PEER_MAIN(Peer, "evbuffer", std::string("libevent ") + event_get_version())
#endif
