#include "bytesio.h"

/* ISO C wants a declaration in every translation unit; the header's own must be enough. */
extern int alone_is_not_empty;
