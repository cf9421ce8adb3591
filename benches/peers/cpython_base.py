"""What the work on CPython's io.BytesIO stands on; sizes come from work/sizes.hpp."""

import io
import math
import re
import threading
from pathlib import Path

SIZES = {}
for name, value in re.findall(
    r"constexpr std::size_t (\w+) = ([\w *]+);", (Path(__file__).parent.parent / "work/sizes.hpp").read_text()
):
    SIZES[name] = math.prod(SIZES[word] if word in SIZES else int(word) for word in value.split(" * "))
PAGE, PIECE, RECORD = (SIZES[name] for name in ("page", "piece", "record"))


class Work:
    """`run` is what is timed, `operations` how many that is; `prepare` goes before each timing, of at most `limit`
    runs, and `finish` after the last."""

    def __init__(
        self, run, operations=1, prepare=lambda: None, limit=1 << 40, counters=None, finish=lambda: None
    ):
        self.run, self.operations, self.prepare, self.limit = run, operations, prepare, limit
        self.counters, self.finish = counters, finish


def check(condition):
    if not condition:
        raise AssertionError("wrong answer: numbers for wrong work are worth nothing")


def filler(size):
    return bytes(ord("a") + i % 26 for i in range(26)) * (size // 26) + bytes(
        ord("a") + i for i in range(size % 26)
    )


def filled(size, piece=PIECE):
    stream, data = io.BytesIO(), filler(piece)
    for _ in range(size // piece):
        stream.write(data)
    stream.write(data[: size % piece])
    return stream


def beside(work):
    """The same with a second thread that sleeps."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return work


def kernel_says(file, field):
    found = re.search(rf"^{field}:\s*(\d+)", Path("/proc/self", file).read_text(), re.M)
    return int(found[1]) * 1024
