// GLib's GByteArray: g_byte_array_append(); it has no position, so it is not read; a value is a GBytes, a copy.
#include "../work/main.hpp"
#include "../work/glib_value.hpp"

#include <cstring>

namespace
{
struct View {
    char *bytes;
    char *data()
    {
        return bytes;
    }
};

class Peer
{
    GByteArray *array = g_byte_array_new();

  public:
    Peer() = default;
    Peer(const Peer &) = delete;
    ~Peer()
    {
        g_byte_array_unref(array);
    }
    void write(const char *data, std::size_t n)
    {
        g_byte_array_append(array, reinterpret_cast<const guint8 *>(data), guint(n));
    }
    std::size_t length()
    {
        return array->len;
    }
    void clear()
    {
        g_byte_array_set_size(array, 0);
    }
    work::GlibValue value()
    {
        return work::GlibValue(g_bytes_new(array->data, array->len));
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        std::memcpy(array->data + offset, data, n);
    }
    View view()
    {
        return View{reinterpret_cast<char *>(array->data)};
    }
    std::unique_ptr<Peer> clone()
    {
        auto other = std::make_unique<Peer>();
        other->write(reinterpret_cast<const char *>(array->data), array->len);
        return other;
    }
};
} // namespace

PEER_MAIN(Peer, "GByteArray", work::glib_version_text())
