/* Compiled, never run: the mistakes that the header's attributes make a compiler report. */
#include "bytesio.h"

void misuse(bio_stream *stream);

void misuse(bio_stream *stream)
{
#ifdef IGNORED_RESULT
    bio_write(stream, "x", 1);
#endif
#ifdef WRONG_FORMAT
    bio_status status = bio_printf(stream, "%s", 1);
    (void)status;
#endif
    (void)stream;
}
