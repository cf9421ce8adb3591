// The C API from Go, through cgo.
package main

/*
#cgo LDFLAGS: -lbytesio
#include <bytesio.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

// check turns a status into an error; BYTESIO_OK becomes nil.
func check(status C.bio_status) error {
	if status == C.BYTESIO_OK {
		return nil
	}
	return errors.New(C.GoString(C.bio_strerror(status)))
}

// write lends the bytes of text to the library for the length of the call, so nothing needs pinning.
func write(stream *C.bio_stream, text string) error {
	return check(C.bio_write(stream, unsafe.Pointer(unsafe.StringData(text)), C.size_t(len(text))))
}

// bytesOf is the snapshot's own memory, not a copy: good until the snapshot is released.
func bytesOf(snapshot *C.bio_snapshot) []byte {
	data := (*byte)(unsafe.Pointer(C.bio_snapshot_data(snapshot)))
	return unsafe.Slice(data, int(C.bio_snapshot_len(snapshot)))
}

func getvalue(stream *C.bio_stream) (*C.bio_snapshot, error) {
	var snapshot *C.bio_snapshot
	err := check(C.bio_getvalue(stream, &snapshot))
	return snapshot, err
}

// capitalise changes one byte through a writable view. The stream's length is fixed for as long as
// the view lives, so the view is released before returning.
func capitalise(stream *C.bio_stream, at int) error {
	var view *C.bio_view
	if err := check(C.bio_getbuffer(stream, C.BYTESIO_VIEW_WRITABLE, &view)); err != nil {
		return err
	}
	defer C.bio_view_release(view)
	var data *C.uint8_t
	if err := check(C.bio_view_data_mut(view, &data)); err != nil {
		return err
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(data)), int(C.bio_view_len(view)))
	bytes[at] -= 'a' - 'A'
	return nil
}

func run() error {
	stream := C.bio_new()
	if stream == nil {
		return errors.New("out of memory")
	}
	// Go's collector knows nothing of these handles: every one is released by hand.
	defer C.bio_release(stream)

	if err := write(stream, "size=?? hello, bytes\n"); err != nil {
		return err
	}
	before, err := getvalue(stream)
	if err != nil {
		return err
	}
	defer C.bio_snapshot_release(before)

	if err := check(C.bio_seek(stream, 5, C.BYTESIO_SEEK_SET, nil)); err != nil {
		return err
	}
	if err := write(stream, "13"); err != nil {
		return err
	}
	if err := capitalise(stream, 8); err != nil {
		return err
	}
	after, err := getvalue(stream)
	if err != nil {
		return err
	}
	defer C.bio_snapshot_release(after)

	_, err = fmt.Printf("before: %safter:  %s", bytesOf(before), bytesOf(after))
	return err
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bytesio:", err)
		os.Exit(1)
	}
}
