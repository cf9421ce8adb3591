/* The ustar header: POSIX.1-1988, one 512-byte block in front of each member. */
#ifndef TAR_FORMAT_H
#define TAR_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { TAR_BLOCK = 512 };

/* Numbers are octal digits in ASCII; text is followed by NUL unless it fills its field. */
typedef struct tar_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char unused[12];
} tar_header;

/* Fills in all but size and checksum. NULL when that went well, else why the file cannot be archived. */
const char *tar_header_begin(tar_header *header, const char *path, const struct stat *about);

/* Size and checksum, the last of it. False when the size does not fit. */
bool tar_header_finish(tar_header *header, uint64_t size);

/* NULL for a sound header; else what is wrong with it. *size becomes the member's size. */
const char *tar_header_check(const tar_header *header, uint64_t *size);

/* Bytes of zero between the end of a member and the next block. */
size_t tar_padding(uint64_t size);

#endif
