"""The upload example: what a server on this machine receives must be pictures, patched, as Python reckons."""

import os
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from check_run import output_of, run

WIDTH, HEIGHT, PIXELS_A_METRE, PICTURES = 640, 480, 11811, 4


class Inbox(ThreadingHTTPServer):
    """Keeps what is posted to it, by path; answers how much that was, and below /refused that it wants none."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received = {}

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.path.startswith("/refused")
        if not refused:
            self.server.received[self.path] = (self.headers["Content-Type"], body)
        answer = f"{len(body)} received".encode()
        self.send_response(403 if refused else 201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


def check(runner):
    flags = runner.packages("upload", ["libpng", "zlib", "libcurl"])
    if flags is None or not runner.build_c("upload", ["upload/main.c"], extra=[*flags, "-pthread"]):
        return
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, daemon=True).start()
        arrives(runner, inbox)
        refused(runner, inbox)
        inbox.shutdown()


def upload(runner, url):
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return run(runner.program("upload", url), env=environment)


def arrives(runner, inbox):
    result = upload(runner, inbox.url("/picture-"))
    runner.show("upload/main.c", result.stdout)
    bodies = [body for _, body in (inbox.received.get(f"/picture-{i}.png", (None, b"")) for i in range(PICTURES))]
    said = "".join(
        f"{inbox.url(f'/picture-{i}.png')}: {len(body)} bytes, {len(body)} received\n" for i, body in enumerate(bodies)
    )
    check = runner.report.check
    check("upload says what it did", result.returncode == 0 and result.stdout == said, output_of(result))
    check("upload: each body is a picture", {kind for kind, _ in inbox.received.values()} == {"image/png"})
    check("upload: each picture is another one", len(set(bodies)) == PICTURES)
    for i, body in enumerate(bodies):
        check(f"upload: picture {i} is whole and patched", *verdict(body))


def refused(runner, inbox):
    result = upload(runner, inbox.url("/refused-"))
    lines = [f"{inbox.url(f'/refused-{i}.png')}: HTTP response code said error\n" for i in range(PICTURES)]
    told = result.returncode == 1 and not result.stdout and result.stderr == "".join(lines)
    runner.report.check("upload says what was refused", told, output_of(result))


def verdict(body):
    """Whether the bytes are a PNG with every checksum right, the pixels that the size asks for, and the resolution."""
    try:
        chunks = dict(chunks_of(body))
        pixels = zlib.decompress(chunks[b"IDAT"])
    except (ValueError, KeyError, struct.error, zlib.error) as error:
        return False, repr(error)
    size = struct.unpack(">II", chunks[b"IHDR"][:8])
    physical = struct.unpack(">IIB", chunks[b"pHYs"])
    facts = size, physical, len(pixels)
    return facts == ((WIDTH, HEIGHT), (PIXELS_A_METRE, PIXELS_A_METRE, 1), HEIGHT * (1 + 3 * WIDTH)), f"{facts}"


def chunks_of(body):
    if body[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no signature")
    at, pixels = 8, b""
    while at < len(body):
        (length,) = struct.unpack_from(">I", body, at)
        kind, data = body[at + 4 : at + 8], body[at + 8 : at + 8 + length]
        if struct.unpack_from(">I", body, at + 8 + length)[0] != zlib.crc32(kind + data):
            raise ValueError(f"checksum of {kind}")
        pixels += data if kind == b"IDAT" else b""
        yield kind, pixels if kind == b"IDAT" else data
        at += 12 + length
