// std::stringstream: write(), read(), seekp(); a value is str(), a copy.
#include "../work/main.hpp"

#include <sstream>

namespace
{
class Peer
{
    std::stringstream stream;
    std::string text;

  public:
    void write(const char *data, std::size_t n)
    {
        stream.write(data, std::streamsize(n));
    }
    std::size_t length()
    {
        return std::size_t(stream.tellp());
    }
    void clear()
    {
        stream.seekp(0);
    }
    void rewind()
    {
        stream.clear();
        stream.seekg(0);
    }
    std::size_t read(char *data, std::size_t n)
    {
        stream.read(data, std::streamsize(n));
        return std::size_t(stream.gcount());
    }
    std::size_t line()
    {
        return std::getline(stream, text) ? text.size() + 1 : 0;
    }
    std::string value()
    {
        return stream.str();
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        const auto end = stream.tellp();
        stream.seekp(std::streamoff(offset));
        stream.write(data, std::streamsize(n));
        stream.seekp(end);
    }
};
} // namespace

PEER_MAIN(Peer, "std::stringstream", "libstdc++ " + std::to_string(_GLIBCXX_RELEASE))
