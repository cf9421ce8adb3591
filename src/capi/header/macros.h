/** The version of this header; bio_version() and bio_version_number() give that of the library in use. */
#define BYTESIO_VERSION "@VERSION@"
#define BYTESIO_VERSION_MAJOR @MAJOR@
#define BYTESIO_VERSION_MINOR @MINOR@
#define BYTESIO_VERSION_PATCH @PATCH@
#define BYTESIO_VERSION_NUMBER ((BYTESIO_VERSION_MAJOR << 16) | (BYTESIO_VERSION_MINOR << 8) | BYTESIO_VERSION_PATCH)

/** Marks what the library exports; may be defined beforehand. */
#ifndef BYTESIO_API
#  if defined(__GNUC__) && !defined(_WIN32)
#    define BYTESIO_API __attribute__((__visibility__("default")))
#  else
#    define BYTESIO_API
#  endif
#endif

/** Marks a result that must not be ignored; define it as nothing beforehand to ignore results freely. */
#ifndef BYTESIO_NODISCARD
#  if defined(__GNUC__)
#    define BYTESIO_NODISCARD __attribute__((__warn_unused_result__))
#  elif defined(__cplusplus) && __cplusplus >= 201703L
#    define BYTESIO_NODISCARD [[nodiscard]]
#  else
#    define BYTESIO_NODISCARD
#  endif
#endif

/* BYTESIO_NO_INLINE, defined beforehand, hides the functions that have bodies here. */

#if defined(__GNUC__)
#  define BYTESIO_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#  define BYTESIO_PRINTF(text, first)
#endif

/**
 * bio_set_limit(), bio_options.limit: no limit.
 *
 * Since: 0.1
 */
#define BYTESIO_NO_LIMIT UINT64_MAX

/**
 * What a search stores for a miss.
 *
 * Since: 0.1
 */
#define BYTESIO_NOT_FOUND SIZE_MAX

/** The initial value of a bio_options. */
#define BYTESIO_OPTIONS_INIT {sizeof(bio_options), 0, 0, NULL, 0, 0, 0, NULL}

/** The initial value of a bio_statistics. */
#define BYTESIO_STATISTICS_INIT {sizeof(bio_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
