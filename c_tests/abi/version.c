/* version PACKAGE_VERSION: the header's macros, the library's functions and Cargo.toml say the same. */
#include "bytesio.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char composed[64];
    uint32_t number = (uint32_t)BYTESIO_VERSION_MAJOR << 16 | (uint32_t)BYTESIO_VERSION_MINOR << 8 |
                      (uint32_t)BYTESIO_VERSION_PATCH;
    snprintf(composed, sizeof composed, "%d.%d.%d", BYTESIO_VERSION_MAJOR, BYTESIO_VERSION_MINOR,
             BYTESIO_VERSION_PATCH);
    printf("package %s, header %s (%s, 0x%06x), library %s (0x%06x)\n", argc == 2 ? argv[1] : "?",
           BYTESIO_VERSION, composed, (unsigned)BYTESIO_VERSION_NUMBER, bio_version(),
           (unsigned)bio_version_number());
    if (argc != 2 || strcmp(argv[1], BYTESIO_VERSION) != 0 || strcmp(argv[1], bio_version()) != 0)
        return 1;
    if (strcmp(argv[1], composed) != 0)
        return 2;
    return number == BYTESIO_VERSION_NUMBER && number == bio_version_number() ? 0 : 3;
}
