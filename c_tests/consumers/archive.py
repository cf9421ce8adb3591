"""What Python's zipfile says to archives: `write` prints one, `read` prints what one on standard input holds."""
import io
import sys
import zipfile

STORED = ("stored.txt", b"as it is\n" * 100, zipfile.ZIP_STORED)
DEFLATED = ("folder/deflated.txt", b"squeezed\n" * 5000, zipfile.ZIP_DEFLATED)
EMPTY = ("empty", b"", zipfile.ZIP_STORED)


def write() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.comment = b"made by Python"
        for name, data, method in (STORED, DEFLATED, EMPTY):
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    sys.stdout.buffer.write(made.getvalue())


def read() -> None:
    with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as archive:
        if archive.testzip() is not None:
            sys.exit("a checksum is wrong")
        for entry in archive.infolist():
            sys.stdout.buffer.write(b"%s %d\n" % (entry.filename.encode(), entry.file_size))
            sys.stdout.buffer.write(archive.read(entry))


{"write": write, "read": read}[sys.argv[1]]()
