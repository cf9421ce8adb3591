// Not a peer but the floor: memcpy() into memory that has been touched, memchr(), a counted pointer; nothing is
// checked, nothing grows. Where bytes under a value change, the limit is a memcpy() of everything into warm memory,
// which is what a snapshot costs that copies and has no allocation to pay.
#include "../work/main.hpp"

#include <cstring>
#include <vector>

namespace
{
// Memory that is touched when it is made, and kept for whoever asks next.
class Warm
{
    struct Block {
        char *bytes;
        std::size_t size;
    };
    static inline std::vector<Block> spare;
    Block block{};

  public:
    explicit Warm(std::size_t size)
    {
        for (std::size_t i = 0; i < spare.size(); ++i) {
            if (spare[i].size >= size) {
                block = spare[i];
                spare.erase(spare.begin() + std::ptrdiff_t(i));
                return;
            }
        }
        block = {static_cast<char *>(std::malloc(size)), size};
        std::memset(block.bytes, 1, size);
    }
    Warm(Warm &&other) noexcept : block(std::exchange(other.block, {}))
    {
    }
    Warm &operator=(Warm &&other) noexcept
    {
        std::swap(block, other.block);
        return *this;
    }
    ~Warm()
    {
        if (block.bytes) {
            spare.push_back(block);
        }
    }
    char *data() const
    {
        return block.bytes;
    }
};

// Bytes up to a length, and a position: what every one of these limits stands on.
class Memory
{
  protected:
    Warm memory;
    std::size_t end = 0, position = 0;

  public:
    explicit Memory(std::size_t capacity) : memory(capacity)
    {
    }
    static void prepare(std::size_t capacity)
    {
        Warm touched(capacity);
    }
    void write(const char *data, std::size_t n)
    {
        std::memcpy(memory.data() + end, data, n);
        end += n;
    }
    std::size_t length()
    {
        return end;
    }
    void clear()
    {
        end = 0;
    }
};

// For appends: a value is the length and a count on the memory.
struct Counted {
    std::shared_ptr<const char> bytes;
    std::size_t n;
    std::size_t size() const
    {
        return n;
    }
    char at(std::size_t i) const
    {
        return bytes.get()[i];
    }
};

class Sharing : public Memory
{
    std::shared_ptr<const char> count{memory.data(), [](const char *) {}};

  public:
    static constexpr bool shares_values = true;
    using Memory::Memory;

    void rewind()
    {
        position = 0;
    }
    std::size_t read(char *data, std::size_t n)
    {
        std::memcpy(data, memory.data() + position, n);
        position += n;
        return n;
    }
    std::size_t line()
    {
        const char *from = memory.data() + position;
        const void *found = std::memchr(from, '\n', end - position);
        const std::size_t n =
            found ? std::size_t(static_cast<const char *>(found) - from) + 1 : end - position;
        position += n;
        return n;
    }
    Counted value()
    {
        return {count, end};
    }
};

// A clone is a warm copy.
class Copying : public Memory
{
  public:
    using Memory::Memory;

    std::unique_ptr<Copying> clone()
    {
        auto other = std::make_unique<Copying>(end);
        other->write(memory.data(), end);
        return other;
    }
};
} // namespace

int main(int argc, char **argv)
{
    work::register_small<Sharing>();
    work::register_bulk<Sharing>();
    work::register_values<Sharing>();
    work::register_log<Sharing>();
    work::register_threads<Sharing>();
    work::register_clone<Copying>();
    work::register_question_limits();
    return work::run(argc, argv, "limit", "memcpy, memchr, warm memory");
}
