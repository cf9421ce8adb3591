// What /proc says about this process.
#pragma once
#include "sizes.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>

namespace work
{
// The number behind `field` in a file of the form "Name: number ...", 0 where there is none.
inline std::size_t number_in(const char *path, const char *field)
{
    std::size_t found = 0;
    if (std::FILE *file = std::fopen(path, "r")) {
        char line[256];
        while (std::fgets(line, sizeof line, file)) {
            if (std::strncmp(line, field, std::strlen(field)) == 0) {
                found = std::strtoul(line + std::strlen(field), nullptr, 10);
            }
        }
        std::fclose(file);
    }
    return found;
}

inline std::size_t threads_now()
{
    return number_in("/proc/self/status", "Threads:");
}

// Pages of files without a name, memfds that is: they count whether they are mapped or not.
inline std::size_t memfds_now()
{
    std::size_t held = 0;
    for (int fd = 3; fd < 64; ++fd) {
        struct stat about;
        if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_nlink == 0) {
            held += std::size_t(about.st_blocks) * 512;
        }
    }
    return held;
}

// Quick, but the kernel's count runs behind by up to some dozen pages.
inline std::size_t held_about()
{
    return number_in("/proc/self/status", "RssAnon:") * KiB + memfds_now();
}

// Exact, by a walk over all pages.
inline std::size_t held_exactly()
{
    return number_in("/proc/self/smaps_rollup", "Anonymous:") * KiB + memfds_now();
}
} // namespace work
