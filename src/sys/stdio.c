/* Where glibc's stdio needs a correction. C, because the field's place is for <stdio.h> to say. */
#include <stdio.h>

void bytesio_forget_offset(FILE *file);

/* Before it writes over what it has read ahead, glibc's stdio seeks back and notes in _offset where to. A file's own
   write moves that on; fopencookie's does not, and fseek(SEEK_CUR) right after counts from where the write began.
   Unknown, as fseek makes it for these files at its beginning, it is asked for. */
void bytesio_forget_offset(FILE *file) {
#ifdef __GLIBC__
    file->_offset = -1;
#else
    (void)file;
#endif
}
