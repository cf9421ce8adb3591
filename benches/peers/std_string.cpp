// std::string: append() and copy(), inlined by the compiler; a value is a copy.
#include "../work/main.hpp"

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

class Hand
{
    std::string *bytes;
    std::size_t *position;

  public:
    Hand(std::string &written, std::size_t &at) : bytes(&written), position(&at)
    {
    }
    template <std::size_t n> void put(const char *data)
    {
        if constexpr (n == 1) {
            bytes->push_back(*data);
        } else {
            bytes->append(data, n);
        }
    }
    template <std::size_t n> bool get(char *data)
    {
        if (bytes->size() - *position < n) {
            return false;
        }
        std::memcpy(data, bytes->data() + *position, n);
        *position += n;
        return true;
    }
};

class Peer
{
    std::string bytes;
    std::size_t position = 0;

  public:
    void write(const char *data, std::size_t n)
    {
        bytes.append(data, n);
    }
    std::size_t length()
    {
        return bytes.size();
    }
    void clear()
    {
        bytes.clear();
    }
    void rewind()
    {
        position = 0;
    }
    std::size_t read(char *data, std::size_t n)
    {
        const std::size_t got = bytes.copy(data, n, position);
        position += got;
        return got;
    }
    Hand hand()
    {
        return Hand(bytes, position);
    }
    std::size_t line()
    {
        const std::size_t found = bytes.find('\n', position);
        const std::size_t n = (found == std::string::npos ? bytes.size() : found + 1) - position;
        position += n;
        return n;
    }
    std::string value()
    {
        return bytes;
    }
    void overwrite(std::size_t offset, const char *data, std::size_t n)
    {
        bytes.replace(offset, n, data, n);
    }
    View view()
    {
        return View{bytes.data()};
    }
    std::unique_ptr<Peer> clone()
    {
        return std::make_unique<Peer>(*this);
    }
};
} // namespace

PEER_MAIN(Peer, "std::string", "libstdc++ " + std::to_string(_GLIBCXX_RELEASE))
