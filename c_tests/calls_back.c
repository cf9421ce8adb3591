#include "check.h"

#define NAME(function, may) #function,
#define MAY(function, may) may,
static const char *const names[] = {CALLS_BACK_TABLE(NAME)};
static const unsigned allowed[] = {CALLS_BACK_TABLE(MAY)};
static atomic_uint seen[CALL_COUNT];

enum { OUTSIDE = -1 };
static _Thread_local int running = OUTSIDE;

int calls_back_enter(int function)
{
    int outer = running;
    running = function;
    atomic_fetch_or(&seen[function], CALLS_HAPPENED);
    return outer;
}

void calls_back_leave(int outer)
{
    running = outer;
}

bio_status calls_back_left(bio_status result)
{
    running = OUTSIDE;
    return result;
}

void called_back(unsigned kind)
{
    if (running == OUTSIDE)
        return;
    atomic_fetch_or(&seen[running], kind);
    if ((allowed[running] & kind) == 0)
        check_fail(__FILE__, __LINE__, "%s has called %s, which its \"Calls back:\" excludes", names[running],
                   kind == CALLS_RELEASE ? "a release function" : "the allocator");
}

unsigned calls_back_seen(int function)
{
    return atomic_load(&seen[function]);
}
