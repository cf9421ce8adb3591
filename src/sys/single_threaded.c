/* The address of glibc's "this process has one thread" flag, or of a zero where the C library has none.
   C, because a weak reference cannot be written in stable Rust. */
extern const char __libc_single_threaded __attribute__((weak));

static const char unknown = 0;

const char *bytesio_single_threaded_flag(void);

const char *bytesio_single_threaded_flag(void) {
    return &__libc_single_threaded ? &__libc_single_threaded : &unknown;
}
