/* What memory.c measures with: an allocator that counts, a clock, and amounts as text. */
#ifndef MEMORY_SUPPORT_H
#define MEMORY_SUPPORT_H

#include <bytesio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIB = 1024 * 1024 };

/* End the program with a message unless all is well. */
void require(bio_status status, const char *what);
void expect(bool fact, const char *what);

/* What was newly allocated. One thread uses it, so plain counters do. */
typedef struct counter {
    uint64_t calls;
    uint64_t bytes;
} counter;

bio_allocator counting_allocator(counter *count);

/* The allocator's first function, for memory of the caller's own that is to be counted too. */
void *counting_allocate(void *ctx, size_t size, size_t align);

/* Seconds since some moment. */
double now(void);

/* Into `text`, which they return. */
const char *amount(char *text, size_t size, uint64_t bytes);
const char *duration(char *text, size_t size, double seconds);

#endif
