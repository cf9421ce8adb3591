#include <bytesio.h>
#include <stdio.h>

int main(void)
{
    bio_stream *stream = bio_new();
    bio_snapshot *before = NULL;
    const char *now = NULL;
    bio_status status = bio_write(stream, "size=?? hello, bytes\n", 21);
    if (status || (status = bio_getvalue(stream, &before)) || /* O(1): copies nothing */
        (status = bio_pwrite(stream, "13", 2, 5)) ||          /* the snapshot keeps its "??" */
        (status = bio_cstr(stream, &now, NULL)))
        fprintf(stderr, "bytesio: %s\n", bio_strerror(status));
    else if (fwrite(bio_snapshot_data(before), 1, bio_snapshot_len(before), stdout))
        fputs(now, stdout);
    bio_release(stream); /* in any order: a snapshot outlives its stream */
    bio_snapshot_release(before);
    return status == BYTESIO_OK ? 0 : 1;
}
