#include "tar_format.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(tar_header) == TAR_BLOCK, "the fields fill one block");

/* Octal digits with leading zeros up to the field's closing NUL; false when the number needs more. */
static bool put_octal(char *field, size_t width, uint64_t number)
{
    field[width - 1] = '\0';
    for (size_t i = width - 1; i-- > 0; number /= 8) {
        field[i] = (char)('0' + number % 8);
    }
    return number == 0;
}

static bool get_octal(const char *field, size_t width, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < width && field[i] != '\0' && field[i] != ' '; i++) {
        if (field[i] < '0' || field[i] > '7') {
            return false;
        }
        *number = *number * 8 + (uint64_t)(field[i] - '0');
    }
    return true;
}

/* The sum of all bytes, those of the checksum itself taken as spaces. */
static uint64_t checksum(const tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    const size_t from = offsetof(tar_header, checksum);
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof *header; i++) {
        sum += i - from < sizeof header->checksum ? ' ' : bytes[i];
    }
    return sum;
}

/* A path of up to 100 bytes is a name; a longer one is cut at a slash into prefix and name. */
static const char *put_path(tar_header *header, const char *path)
{
    const size_t length = strlen(path);
    if (length <= sizeof header->name) {
        memcpy(header->name, path, length);
        return NULL;
    }
    /* The first slash that leaves a name short enough also leaves the shortest prefix. */
    const char *cut = strchr(path + (length - sizeof header->name - 1), '/');
    if (cut == NULL || cut == path || cut[1] == '\0' || (size_t)(cut - path) > sizeof header->prefix) {
        return "name too long for a ustar header";
    }
    memcpy(header->prefix, path, (size_t)(cut - path));
    memcpy(header->name, cut + 1, length - (size_t)(cut - path) - 1);
    return NULL;
}

/* Whoever unpacks an archive must not be led out of the folder they unpack it in. */
static bool climbs(const char *path)
{
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
            return true;
        }
    }
    return false;
}

const char *tar_header_begin(tar_header *header, const char *path, const struct stat *about)
{
    memset(header, 0, sizeof *header);
    path += strspn(path, "/");
    if (climbs(path)) {
        return "name leads out of the archive (..)";
    }
    const char *refusal = put_path(header, path);
    if (refusal != NULL) {
        return refusal;
    }
    put_octal(header->mode, sizeof header->mode, (uint64_t)about->st_mode & 07777);
    /* An owner or a time that has no place in its field is left out: the contents are what matters. */
    if (!put_octal(header->uid, sizeof header->uid, about->st_uid)) {
        put_octal(header->uid, sizeof header->uid, 0);
    }
    if (!put_octal(header->gid, sizeof header->gid, about->st_gid)) {
        put_octal(header->gid, sizeof header->gid, 0);
    }
    if (about->st_mtime < 0 || !put_octal(header->mtime, sizeof header->mtime, (uint64_t)about->st_mtime)) {
        put_octal(header->mtime, sizeof header->mtime, 0);
    }
    header->type = '0';
    memcpy(header->magic, "ustar", sizeof header->magic);
    memcpy(header->version, "00", sizeof header->version);
    return NULL;
}

bool tar_header_finish(tar_header *header, uint64_t size)
{
    if (!put_octal(header->size, sizeof header->size, size)) {
        return false;
    }
    /* Six digits, NUL, space: every tar agrees on that. */
    put_octal(header->checksum, sizeof header->checksum - 1, checksum(header));
    header->checksum[sizeof header->checksum - 1] = ' ';
    return true;
}

const char *tar_header_check(const tar_header *header, uint64_t *size)
{
    uint64_t sum = 0;
    if (memcmp(header->magic, "ustar", sizeof header->magic) != 0) {
        return "a header is not a ustar header";
    }
    if (!get_octal(header->checksum, sizeof header->checksum, &sum) || sum != checksum(header)) {
        return "a header's checksum is wrong";
    }
    if (!get_octal(header->size, sizeof header->size, size)) {
        return "a member's size is not a number";
    }
    return header->name[0] == '\0' ? "a member has no name" : NULL;
}

size_t tar_padding(uint64_t size)
{
    return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
