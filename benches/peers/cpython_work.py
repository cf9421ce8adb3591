"""The work on CPython's io.BytesIO; sizes come from work/sizes.hpp."""

import io
import math
import re
import threading
from itertools import repeat
from pathlib import Path

SIZES = {}
for name, value in re.findall(
    r"constexpr std::size_t (\w+) = ([\w *]+);", (Path(__file__).parent.parent / "work/sizes.hpp").read_text()
):
    SIZES[name] = math.prod(SIZES[word] if word in SIZES else int(word) for word in value.split(" * "))
PAGE, PIECE, RECORD, TOUCH = (SIZES[name] for name in ("page", "piece", "record", "touch"))


class Work:
    """`run` is what is timed, `operations` how many that is; `prepare` goes before each timing, of at most `limit`
    runs."""

    def __init__(self, run, operations=1, prepare=lambda: None, limit=1 << 40, counters=None):
        self.run, self.operations, self.prepare, self.limit, self.counters = (
            run,
            operations,
            prepare,
            limit,
            counters,
        )


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


def pages(size):
    """Pages far apart from each other, each once before any again."""
    count = size // PAGE
    at = 0
    while True:
        at = (at + SIZES["stride"]) % count
        yield at * PAGE


def writing(stream, data, count):
    write = stream.write
    for _ in repeat(None, count):
        write(data)


def write(size):
    count, data, stream = SIZES["small_total"] // size, filler(size), io.BytesIO()

    def run():
        stream.seek(0)
        writing(stream, data, count)
        check(stream.tell() == count * size)

    return Work(run, count)


def write_new(size):
    count, data = SIZES["small_total"] // size, filler(size)

    def run():
        stream = io.BytesIO()
        writing(stream, data, count)
        check(stream.tell() == count * size)

    return Work(run, count)


def read(size):
    count = SIZES["small_total"] // size
    stream, whole = filled(SIZES["small_total"], size), filler(size)

    def run():
        stream.seek(0)
        take = stream.read
        for _ in repeat(None, count):
            last = take(size)
        check(last == whole)

    return Work(run, count)


def lines(size):
    count = SIZES["small_total"] // size
    stream = io.BytesIO((filler(size - 1) + b"\n") * count)

    def run():
        stream.seek(0)
        check(sum(1 for _ in stream) == count)

    return Work(run, count)


def build(size, piece):
    data = filler(piece)

    def run():
        stream = io.BytesIO()
        writing(stream, data, size // piece)
        check(stream.tell() == size)

    return Work(run)


def getvalue(size):
    stream = filled(size)
    count = 1000

    def run():
        take = stream.getvalue
        for _ in repeat(None, count):
            take()

    check(len(stream.getvalue()) == size)
    return Work(run, count)


def append(size):
    held, data = [], filler(RECORD)

    def prepare():
        stream = filled(size)
        held[:] = stream, stream.getvalue()

    def run():
        stream = held[0]
        stream.write(data)
        held[1] = stream.getvalue()

    return Work(run, prepare=prepare, limit=SIZES["append_span"] // RECORD)


def overwrite(size, length, count):
    stream, where = filled(size), pages(size)
    marks = [bytes([ord("A") + i]) * length for i in range(26)]
    turn = [0]

    def run():
        turn[0] = (turn[0] + 1) % 26
        data = marks[turn[0]]
        value = stream.getvalue()
        for _ in repeat(None, count):
            at = next(where)
            stream.seek(at)
            stream.write(data)
        check(len(value) == size and value[at] != data[0])

    return Work(run)


def view(size, count):
    stream, where = filled(size), pages(size)
    window = stream.getbuffer()
    state = [ord("A"), None]

    def run():
        state[0] = mark = state[0] + 1 if state[0] < ord("Z") else ord("A")
        for _ in repeat(None, count):
            at = next(where)
            window[at] = mark
        state[1] = stream.getvalue()
        check(len(state[1]) == size and (count == 0 or state[1][at] == mark))

    return Work(run)


def clone(size):
    stream = filled(size)

    def run():
        check(io.BytesIO(stream.getvalue()).seek(0, io.SEEK_END) == size)

    return Work(run)


def log(rounds, keep):
    data = filler(RECORD)
    kept = []

    def run():
        stream = io.BytesIO()
        value = None
        for _ in repeat(None, rounds):
            stream.write(data)
            value = stream.getvalue()
            if keep:
                kept.append(value)
        check(len(value) == rounds * RECORD)

    return Work(run, rounds, prepare=kept.clear)


def publish():
    count, every, data = SIZES["threads_rounds"], SIZES["publish_every"], filler(RECORD)
    latest, held, done = [None], [], []

    def look():
        while not done:
            value = latest[0]
            if value is not None:
                check(value[-RECORD:] == data)

    def prepare():
        stop()
        done.clear()
        stream = filled(SIZES["threads_start"], RECORD)
        latest[0] = stream.getvalue()
        held[:] = stream, threading.Thread(target=look)
        held[1].start()

    def stop():
        done.append(True)
        if held:
            held[1].join()
            held.clear()

    def run():
        stream = held[0]
        for _ in repeat(None, count):
            writing(stream, data, every)
            latest[0] = stream.getvalue()
        stop()

    return Work(run, count * every, prepare=prepare, limit=1)


def beside(work):
    """The same with a second thread that sleeps."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return work


def kernel_says(file, field):
    found = re.search(rf"^{field}:\s*(\d+)", Path("/proc/self", file).read_text(), re.M)
    return int(found[1]) * 1024


def memory(size, change):
    counters = {}

    def run():
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
        before, held_before = kernel_says("status", "VmRSS"), kernel_says("smaps_rollup", "Anonymous")
        stream = filled(size)
        if change:
            value = stream.getvalue()
            stream.seek(size // 2)
            stream.write(b"!")
            check(value[size // 2] != ord("!"))
        counters["held"] = (kernel_says("smaps_rollup", "Anonymous") - held_before) / size
        counters["peak"] = max(counters["held"], (kernel_says("status", "VmHWM") - before) / size)

    return Work(run, counters=counters)


ITEMS = {
    "write": write,
    "write_new": write_new,
    "read": read,
    "lines": lines,
    "build/pieces": lambda size: build(size, PIECE),
    "cold/pieces": lambda size: build(size, PIECE),
    "build/chunks": lambda size: build(size, SIZES["MiB"]),
    "cold/chunks": lambda size: build(size, SIZES["MiB"]),
    "getvalue": getvalue,
    "append": append,
    "clone": clone,
    "view": view,
    "overwrite/byte": lambda size: overwrite(size, 1, 1),
    "overwrite/page": lambda size: overwrite(size, PAGE, 1),
    "overwrite/percent": lambda size: overwrite(size, TOUCH, max(1, size // PAGE // 100)),
    "overwrite/all": lambda size: overwrite(size, TOUCH, size // PAGE),
    "log/dropped": lambda rounds: log(rounds, False),
    "log/kept": lambda rounds: log(rounds, True),
    "threads/write": lambda size: beside(write(size)),
    "threads/read": lambda size: beside(read(size)),
    "threads/publish": publish,
    "memory/build": lambda size: memory(size, False),
    "memory/overwrite": lambda size: memory(size, True),
}
LOG_LIMIT = {"log/dropped": SIZES["quadratic_log"], "log/kept": SIZES["kept_copies_log"]}
