// Apache Arrow's BufferOutputStream, and a BufferReader over what it gives when it is finished: nothing can be
// written after that, so there is no value in between, and it cannot overwrite.
#include "../work/main.hpp"

#include <arrow/buffer.h>
#include <arrow/config.h>
#include <arrow/io/memory.h>

namespace
{
class Peer
{
    std::shared_ptr<arrow::io::BufferOutputStream> out = arrow::io::BufferOutputStream::Create().ValueOrDie();
    std::unique_ptr<arrow::io::BufferReader> in;

  public:
    void write(const char *data, std::size_t n)
    {
        CHECK(out->Write(data, std::int64_t(n)).ok());
    }
    std::size_t length()
    {
        return std::size_t(out->Tell().ValueOrDie());
    }
    void clear()
    {
        CHECK(out->Reset().ok());
    }
    void rewind()
    {
        if (!in) {
            in = std::make_unique<arrow::io::BufferReader>(out->Finish().ValueOrDie());
        }
        CHECK(in->Seek(0).ok());
    }
    std::size_t read(char *data, std::size_t n)
    {
        return std::size_t(in->Read(std::int64_t(n), data).ValueOrDie());
    }
};
} // namespace

PEER_MAIN(Peer, "Arrow BufferOutputStream", "Arrow " + arrow::GetBuildInfo().version_string)
