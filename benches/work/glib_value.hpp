// GLib's counted bytes as a value, for its two peers.
#pragma once
#include <glib.h>

#include <string>
#include <utility>

namespace work
{
class GlibValue
{
    GBytes *bytes;

  public:
    explicit GlibValue(GBytes *taken) : bytes(taken)
    {
    }
    GlibValue(GlibValue &&other) noexcept : bytes(std::exchange(other.bytes, nullptr))
    {
    }
    GlibValue &operator=(GlibValue &&other) noexcept
    {
        std::swap(bytes, other.bytes);
        return *this;
    }
    ~GlibValue()
    {
        g_bytes_unref(bytes);
    }
    std::size_t size() const
    {
        return g_bytes_get_size(bytes);
    }
    const char *data() const
    {
        return static_cast<const char *>(g_bytes_get_data(bytes, nullptr));
    }
    char at(std::size_t i) const
    {
        return data()[i];
    }
};

inline std::string glib_version_text()
{
    return "GLib " + std::to_string(glib_major_version) + "." + std::to_string(glib_minor_version) + "." +
           std::to_string(glib_micro_version);
}
} // namespace work
