/* The library loaded by dlopen, for programs that want to do something before it is there or after it is gone. */
#ifndef BYTESIO_TEST_LOADED_H
#define BYTESIO_TEST_LOADED_H

#include "bytesio.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct loaded {
    void *handle;
    bio_status (*new_with)(const bio_options *, bio_stream **);
    bio_status (*pwrite)(bio_stream *, const void *, size_t, uint64_t);
    bio_status (*getvalue)(bio_stream *, bio_snapshot **);
    const uint8_t *(*data)(const bio_snapshot *);
    void (*snapshot_release)(bio_snapshot *);
    void (*release)(bio_stream *);
} loaded;

/* ISO C has no conversion from an object pointer to a function pointer; POSIX promises that copying does. */
static inline void loaded_find(loaded *lib, const char *name, void *function)
{
    void *found = dlsym(lib->handle, name);
    if (found == NULL) {
        fprintf(stderr, "%s: %s\n", name, dlerror());
        exit(2);
    }
    memcpy(function, &found, sizeof found);
}

static inline loaded loaded_from(const char *path)
{
    loaded lib = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    if (lib.handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    loaded_find(&lib, "bio_new_with", &lib.new_with);
    loaded_find(&lib, "bio_pwrite", &lib.pwrite);
    loaded_find(&lib, "bio_getvalue", &lib.getvalue);
    loaded_find(&lib, "bio_snapshot_data", &lib.data);
    loaded_find(&lib, "bio_snapshot_release", &lib.snapshot_release);
    loaded_find(&lib, "bio_release", &lib.release);
    return lib;
}

enum { LOADED_SIZE = 2 << 20 };

/* A stream full of `byte`, in mapped memory where there is such; NULL if anything fails. */
static inline bio_stream *loaded_stream(const loaded *lib, int byte)
{
    bio_options options = {.struct_size = sizeof options, .mapped_from = 1};
    bio_stream *stream = NULL;
    void *bytes = malloc(LOADED_SIZE);
    if (bytes != NULL && lib->new_with(&options, &stream) == BYTESIO_OK) {
        memset(bytes, byte, LOADED_SIZE);
        if (lib->pwrite(stream, bytes, LOADED_SIZE, 0) != BYTESIO_OK) {
            lib->release(stream);
            stream = NULL;
        }
    }
    free(bytes);
    return stream;
}

/* Overwrites a stream's first byte under a snapshot, which must keep `was`. */
static inline bool loaded_overwrite(const loaded *lib, bio_stream *stream, int was, int byte)
{
    bio_snapshot *before = NULL, *after = NULL;
    uint8_t first = (uint8_t)byte;
    bool right = lib->getvalue(stream, &before) == BYTESIO_OK &&
                 lib->pwrite(stream, &first, 1, 0) == BYTESIO_OK &&
                 lib->getvalue(stream, &after) == BYTESIO_OK && lib->data(before)[0] == (uint8_t)was &&
                 lib->data(after)[0] == first;
    lib->snapshot_release(before);
    lib->snapshot_release(after);
    return right;
}

/* All of it: a stream made, overwritten and released. */
static inline bool loaded_use(const loaded *lib)
{
    bio_stream *stream = loaded_stream(lib, 'a');
    bool right =
        stream != NULL && loaded_overwrite(lib, stream, 'a', 'b') && loaded_overwrite(lib, stream, 'b', 'c');
    lib->release(stream);
    return right;
}

#endif
