/* GLib and libbytesio: GBytes both ways, without a copy.
 *
 *     GBytes *bytes = bio_glib_bytes(snapshot);
 *     bio_snapshot_release(snapshot);
 *     GdkTexture *texture = gdk_texture_new_from_bytes(bytes, &error);
 *     g_bytes_unref(bytes);
 *
 * Position: a new stream begins at 0; nothing else has one.
 * Ownership: each side holds a reference to the other's bytes for as long as it needs them: the GBytes one to the
 * snapshot, the snapshot or stream one to the GBytes. A stream lets the GBytes go with its first change.
 * Errors: a bio_status one way. The other way GLib's own rule holds: it ends the process when out of memory.
 * Copies: none.
 */
#ifndef BYTESIO_GLIB_H
#define BYTESIO_GLIB_H

#include "../bytesio.h"
#include <glib.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void bio_glib_release(gpointer snapshot)
{
    bio_snapshot_release((bio_snapshot *)snapshot);
}

static inline void bio_glib_unref(void *bytes, void *data, size_t len)
{
    (void)data;
    (void)len;
    g_bytes_unref((GBytes *)bytes);
}

/** Gives a snapshot's bytes as a GBytes (owned: g_bytes_unref()); NULL for NULL. */
static inline GBytes *bio_glib_bytes(bio_snapshot *snapshot)
{
    bio_snapshot *held = bio_snapshot_retain(snapshot);
    return held == NULL ? NULL
                        : g_bytes_new_with_free_func(bio_snapshot_data(held), bio_snapshot_len(held),
                                                     bio_glib_release, held);
}

/** Gives the bytes of a GBytes as a snapshot (owned: bio_snapshot_release()). */
static inline bio_status bio_glib_snapshot(GBytes *bytes, bio_snapshot **out)
{
    gsize len = 0;
    gconstpointer data = g_bytes_get_data(bytes, &len);
    bio_status status = bio_snapshot_adopt(data, len, bio_glib_unref, g_bytes_ref(bytes), out);
    if (status != BYTESIO_OK)
        g_bytes_unref(bytes);
    return status;
}

/** Makes a stream with the bytes of a GBytes (owned: bio_release()). */
static inline bio_status bio_glib_stream(GBytes *bytes, bio_stream **out)
{
    gsize len = 0;
    gconstpointer data = g_bytes_get_data(bytes, &len);
    bio_status status = bio_adopt(data, len, bio_glib_unref, g_bytes_ref(bytes), out);
    if (status != BYTESIO_OK)
        g_bytes_unref(bytes);
    return status;
}

#ifdef __cplusplus
}
#endif

#endif
