"""The work on CPython's io.BytesIO, but the question."""

import io
import math
import threading
from itertools import repeat
from pathlib import Path

import cpython_question
from cpython_base import PAGE, PIECE, RECORD, SIZES, Work, beside, check, filled, filler, kernel_says

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


def clone(size):
    stream = filled(size)

    def run():
        check(io.BytesIO(stream.getvalue()).seek(0, io.SEEK_END) == size)

    return Work(run)


def log(rounds, keep, header=False):
    data = filler(RECORD)
    kept = []

    def run():
        stream = io.BytesIO()
        value = None
        for _ in repeat(None, rounds):
            stream.write(data)
            if header:
                stream.seek(0)
                stream.write(b"A")
                stream.seek(0, io.SEEK_END)
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
    **cpython_question.ITEMS,
    "log/dropped": lambda rounds: log(rounds, False),
    "log/header": lambda rounds: log(rounds, False, True),
    "log/kept": lambda rounds: log(rounds, True),
    "threads/write": lambda size: beside(write(size)),
    "threads/read": lambda size: beside(read(size)),
    "threads/getvalue": lambda size: beside(getvalue(size)),
    "threads/publish": publish,
    "memory/build": lambda size: memory(size, False),
    "memory/overwrite": lambda size: memory(size, True),
}
LOG_LIMIT = {"log/dropped": SIZES["quadratic_log"], "log/kept": SIZES["kept_copies_log"]}


def takes_part(item, parameters):
    """Whether it does this piece of the work, in reasonable time."""
    if "question" in item:
        return item in ITEMS and cpython_question.takes_part(*parameters)
    return item in ITEMS and not (parameters and parameters[0] > LOG_LIMIT.get(item, math.inf))
