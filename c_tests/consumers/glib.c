/* bytesio/glib.h with GLib: the same bytes at the same address on both sides, and counts that come out even. */
#include "consumer.h"

#include "bytesio/glib.h"

/* A GBytes whose memory is really freed, and counted, when GLib lets it go. */
typedef struct lent {
    release_log log;
    void *data;
    size_t len;
} lent;

static void give_back(gpointer data)
{
    lent *l = data;
    log_release(&l->log, l->data, l->len);
}

static GBytes *bytes_of(lent *l, const void *data, size_t len)
{
    memset(l, 0, sizeof *l);
    l->data = foreign_copy(data, len);
    l->len = len;
    return g_bytes_new_with_free_func(l->data, len, give_back, l);
}

static void a_snapshot_is_a_gbytes_at_the_same_address(void)
{
    release_log log = {0};
    bio_stream *s = adopted(LIT("from the stream"), &log);
    bio_snapshot *snapshot = value_of(s);
    gsize len = 0;
    GBytes *bytes = bio_glib_bytes(snapshot);
    REQUIRE(bytes != NULL);
    CHECK_PTR(g_bytes_get_data(bytes, &len), bio_snapshot_data(snapshot));
    CHECK_EQ(len, 15);
    bio_snapshot_release(snapshot);
    bio_release(s);
    CHECK_EQ(atomic_load(&log.calls), 0);
    CHECK_MEM(g_bytes_get_data(bytes, NULL), len, LIT("from the stream"));

    GBytes *part = g_bytes_new_from_bytes(bytes, 5, 3); /* GLib's own parts hold the whole */
    g_bytes_unref(bytes);
    CHECK_EQ(atomic_load(&log.calls), 0);
    CHECK_MEM(g_bytes_get_data(part, NULL), g_bytes_get_size(part), LIT("the"));
    g_bytes_unref(part);
    CHECK_EQ(atomic_load(&log.calls), 1);
}

static void a_gbytes_does_not_see_what_the_stream_writes(void)
{
    bio_stream *s = stream_of(LIT("before"));
    bio_snapshot *snapshot = value_of(s);
    GBytes *bytes = bio_glib_bytes(snapshot);
    bio_snapshot_release(snapshot);
    CHECK_OK(bio_write(s, LIT("AFTER!")));
    CHECK_MEM(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), LIT("before"));
    CHECK_OK(bio_close(s));
    CHECK_MEM(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), LIT("before"));
    bio_release(s);
    g_bytes_unref(bytes);
}

static void a_gbytes_is_a_snapshot_at_the_same_address(void)
{
    lent l;
    GBytes *bytes = bytes_of(&l, LIT("from GLib"));
    bio_snapshot *snapshot = NULL, *part = NULL;
    REQUIRE_OK(bio_glib_snapshot(bytes, &snapshot));
    CHECK_PTR(bio_snapshot_data(snapshot), l.data);
    g_bytes_unref(bytes);
    REQUIRE_OK(bio_snapshot_slice(snapshot, 5, 4, &part));
    bio_snapshot_release(snapshot);
    CHECK_EQ(atomic_load(&l.log.calls), 0);
    CHECK_SNAPSHOT(part, LIT("GLib"));
    bio_snapshot_release(part);
    CHECK_EQ(atomic_load(&l.log.calls), 1);
}

static void a_gbytes_is_a_stream_until_the_first_change(void)
{
    lent l;
    GBytes *bytes = bytes_of(&l, LIT("from GLib"));
    bio_stream *s = NULL;
    const uint8_t *at = NULL;
    size_t len = 0;
    REQUIRE_OK(bio_glib_stream(bytes, &s));
    g_bytes_unref(bytes);
    CHECK_EQ(bio_tell(s), 0);
    REQUIRE_OK(bio_peek(s, &at, &len));
    CHECK_PTR(at, l.data);
    CHECK_EQ(len, 9);
    CHECK_EQ(atomic_load(&l.log.calls), 0);
    CHECK_OK(bio_pwrite(s, LIT(" and more"), 9));
    CHECK_EQ(atomic_load(&l.log.calls), 1);
    CHECK_STREAM(s, LIT("from GLib and more"));
    bio_release(s);
}

static void there_and_back_is_the_same_memory(void)
{
    lent l;
    GBytes *bytes = bytes_of(&l, LIT("round")), *again = NULL;
    bio_snapshot *snapshot = NULL;
    REQUIRE_OK(bio_glib_snapshot(bytes, &snapshot));
    again = bio_glib_bytes(snapshot);
    CHECK_PTR(g_bytes_get_data(again, NULL), l.data);
    CHECK(g_bytes_equal(bytes, again));
    g_bytes_unref(bytes);
    bio_snapshot_release(snapshot);
    CHECK_EQ(atomic_load(&l.log.calls), 0);
    g_bytes_unref(again);
    CHECK_EQ(atomic_load(&l.log.calls), 1);
}

static void no_bytes_are_bytes_too(void)
{
    bio_stream *s = bio_new(), *back = NULL;
    bio_snapshot *snapshot = value_of(s), *again = NULL;
    GBytes *bytes = bio_glib_bytes(snapshot);
    CHECK_EQ(g_bytes_get_size(bytes), 0);
    REQUIRE_OK(bio_glib_snapshot(bytes, &again));
    REQUIRE_OK(bio_glib_stream(bytes, &back));
    CHECK_EQ(bio_snapshot_len(again), 0);
    CHECK_EQ(bio_len(back), 0);
    bio_snapshot_release(snapshot);
    bio_snapshot_release(again);
    g_bytes_unref(bytes);
    bio_release(back);
    bio_release(s);
    CHECK(bio_glib_bytes(NULL) == NULL);
}

static void an_error_leaves_the_gbytes_as_it_was(void)
{
    lent l;
    GBytes *bytes = bytes_of(&l, LIT("kept"));
    CHECK_STATUS(bio_glib_snapshot(bytes, NULL), BYTESIO_NULL_ARG);
    CHECK_STATUS(bio_glib_stream(bytes, NULL), BYTESIO_NULL_ARG);
    CHECK_EQ(atomic_load(&l.log.calls), 0);
    g_bytes_unref(bytes);
    CHECK_EQ(atomic_load(&l.log.calls), 1);
}

CHECK_MAIN(CASE(a_snapshot_is_a_gbytes_at_the_same_address),
           CASE(a_gbytes_does_not_see_what_the_stream_writes),
           CASE(a_gbytes_is_a_snapshot_at_the_same_address),
           CASE(a_gbytes_is_a_stream_until_the_first_change), CASE(there_and_back_is_the_same_memory),
           CASE(no_bytes_are_bytes_too), CASE(an_error_leaves_the_gbytes_as_it_was))
