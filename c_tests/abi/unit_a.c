/* One of two translation units with the header's inline functions in both. C99 and C++11 alike. */
#include "unit.h"

bio_status unit_a_write(bio_stream *stream, int number)
{
    return bio_printf(stream, "a%d", number);
}
