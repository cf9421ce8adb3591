#include <bytesio.h>
#include <stdio.h>

int main(void)
{
    bio_stream *stream = bio_new();
    bio_snapshot *before = NULL;
    bio_view *now = NULL;
    bio_status status = bio_write(stream, "size=?? hello, bytes\n", 21);
    if (status || (status = bio_getvalue(stream, &before)) || /* O(1): copies nothing */
        (status = bio_seek(stream, 5, BYTESIO_SEEK_SET, NULL)) ||
        (status = bio_write(stream, "13", 2)) || /* the snapshot keeps its "??" */
        (status = bio_getbuffer(stream, BYTESIO_VIEW_READONLY, &now)))
        fprintf(stderr, "bytesio: %s\n", bio_strerror(status));
    else if (fwrite(bio_snapshot_data(before), 1, bio_snapshot_len(before), stdout))
        fwrite(bio_view_data(now), 1, bio_view_len(now), stdout);
    bio_release(stream); /* in any order: the snapshot and the view outlive the stream */
    bio_snapshot_release(before);
    bio_view_release(now);
    return status == BYTESIO_OK ? 0 : 1;
}
