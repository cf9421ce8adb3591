/* What the tests with other libraries share: streams that take no more bytes, noise that does not compress, and
 * what Python says to a stream's content. */
#ifndef BYTESIO_TEST_CONSUMER_H
#define BYTESIO_TEST_CONSUMER_H

#include "../support.h"

/* Why a stream refuses to be written, and with what status. */
enum { REFUSES_LIMIT, REFUSES_FIXED, REFUSES_EXPORTED, REFUSES_BUSY, REFUSES_CLOSED, REFUSALS };

typedef struct refusing {
    const char *why;
    bio_status status;
    bio_stream *stream;
    bio_view *view;
    uint8_t fixed[4096];
} refusing;

/* An empty stream that takes `room` bytes (at most 4096) before it says LIMIT, or, for the other reasons, none. */
void refusing_open(refusing *r, unsigned reason, size_t room);

/* Takes the reason away, checks that the stream then is as good as any (nobody has left a window open, and a window
 * that was somebody else's is still there), and releases it. */
void refusing_close(refusing *r);

/* Bytes that no compressor makes shorter; the same for the same seed. */
void noise_fill(uint8_t *out, size_t len, uint32_t seed);

#ifdef CONSUMER_SCRIPT
/* Runs the test's Python script: `verb` is its argument, `in` (may be NULL) its standard input, from the beginning to
 * the end, and what it prints comes to `out` (may be NULL). Whether it succeeded. */
#define PYTHON(verb, in, out) run_python(CONSUMER_PYTHON, CONSUMER_SCRIPT, (verb), (in), (out))
#endif
bool run_python(const char *python, const char *script, const char *verb, bio_stream *in, bio_stream *out);

#endif
