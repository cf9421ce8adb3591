// GIO's GMemoryOutputStream: g_output_stream_write_all(); what it holds is read by a GMemoryInputStream, lines by a
// GDataInputStream; a value is a GBytes, a copy.
#include "../work/main.hpp"
#include "../work/glib_value.hpp"

#include <gio/gio.h>

namespace
{
class Peer
{
    GOutputStream *out = g_memory_output_stream_new_resizable();
    GInputStream *in = nullptr;
    GDataInputStream *lines = nullptr;

    GMemoryOutputStream *memory()
    {
        return G_MEMORY_OUTPUT_STREAM(out);
    }
    void seek(gpointer stream, goffset offset)
    {
        CHECK(g_seekable_seek(G_SEEKABLE(stream), offset, G_SEEK_SET, nullptr, nullptr));
    }
    // The reading side is made once, over the memory of the writing side.
    void open()
    {
        in = g_memory_input_stream_new_from_data(g_memory_output_stream_get_data(memory()), gssize(length()),
                                                 nullptr);
        lines = g_data_input_stream_new(in);
        g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(lines), FALSE);
        g_buffered_input_stream_set_buffer_size(G_BUFFERED_INPUT_STREAM(lines), work::small_total);
    }

  public:
    Peer() = default;
    Peer(const Peer &) = delete;
    ~Peer()
    {
        g_clear_object(&lines);
        g_clear_object(&in);
        g_object_unref(out);
    }
    void write(const char *data, std::size_t n)
    {
        CHECK(g_output_stream_write_all(out, data, n, nullptr, nullptr, nullptr));
    }
    std::size_t length()
    {
        return g_memory_output_stream_get_data_size(memory());
    }
    void clear()
    {
        seek(out, 0);
        CHECK(g_seekable_truncate(G_SEEKABLE(out), 0, nullptr, nullptr));
    }
    void rewind()
    {
        if (!in) {
            open();
        }
        seek(lines, 0);
    }
    std::size_t read(char *data, std::size_t n)
    {
        gsize got = 0;
        CHECK(g_input_stream_read_all(in, data, n, &got, nullptr, nullptr));
        return got;
    }
    std::size_t line()
    {
        gsize n = 0;
        char *text = g_data_input_stream_read_line(lines, &n, nullptr, nullptr);
        g_free(text);
        return text ? n + 1 : 0;
    }
    work::GlibValue value()
    {
        return work::GlibValue(g_bytes_new(g_memory_output_stream_get_data(memory()), length()));
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        seek(out, goffset(offset));
        write(data, n);
        CHECK(g_seekable_seek(G_SEEKABLE(out), 0, G_SEEK_END, nullptr, nullptr));
    }
};
} // namespace

PEER_MAIN(Peer, "GMemoryOutputStream", work::glib_version_text())
