"""The server that curl.c talks to: prints its port, and serves until it is asked for /quit, or for a minute.

PUT and POST keep the body, GET gives it back. /moved and /login/ take a body, too, but want it once more.
"""

import email
import hashlib
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIFETIME = 60
NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c0"
WANTS_LOGIN = f'Digest realm="test", nonce="{NONCE}", algorithm=MD5'

kept = b""
bodies = 0  # how often one was sent until it was kept


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            size = int(self.headers["Content-Length"])
            body = self.rfile.read(size)
            if len(body) < size:
                raise ConnectionError("the client gave up")
            return body
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def is_logged_in(self):
        given = dict(re.findall(r'(\w+)="?([^",]*)', self.headers.get("Authorization", "")))
        want = md5(md5("user", "test", "secret"), NONCE, md5(self.command, self.path))
        return given.get("response") == want

    def keep(self):
        global kept, bodies
        body = self.body()
        bodies += 1
        if self.path == "/moved":
            return self.answer(307, b"elsewhere", Location="/store")
        if self.path == "/login/store" and not self.is_logged_in():
            return self.answer(401, b"who are you", WWW_Authenticate=WANTS_LOGIN)
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            form = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            body = b"".join(part.get_payload(decode=True) for part in form.get_payload())
        kept = body
        self.answer(201, f"{len(body)} of {bodies}".encode())
        bodies = 0

    do_PUT = do_POST = keep

    def do_GET(self):
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(kept), 70001):
                piece = kept[at : at + 70001]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/quit":
            self.answer(200)
            threading.Thread(target=self.server.shutdown).start()
        else:
            self.answer(200, kept)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *request):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # clients that give up are a part of the test
            super().handle_error(*request)


ender = threading.Timer(LIFETIME, os._exit, [1])
ender.daemon = True
ender.start()
with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever(poll_interval=0.05)
