/* Which of the library's functions is running, and whether it may call back: "Calls back:" in the header, checked in
 * every test. The tests' own callbacks report with called_back(); the functions are wrapped by a header that is
 * generated from the ABI's data.
 */
#ifndef BYTESIO_TEST_CALLS_BACK_H
#define BYTESIO_TEST_CALLS_BACK_H

#include "bytesio.h"

enum {
    CALLS_ALLOCATOR = 1,
    CALLS_RELEASE = 2,
};

/* The function that begins now, on this thread; gives the one that it was called in, for calls_back_leave(). */
int calls_back_enter(int function);
void calls_back_leave(int outer);
/* The end of a call from outside of all others. */
bio_status calls_back_left(bio_status result);

/* One of the caller's functions has been called: a failed check, if the library's that is running may not do that. */
void called_back(unsigned kind);

/* For each function, what it has called back so far; a bit more once it has been called. */
enum { CALLS_HAPPENED = 4 };
unsigned calls_back_seen(int function);

#include "checked_calls.h"

#endif
