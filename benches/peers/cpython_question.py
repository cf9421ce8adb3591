"""work/question.hpp on CPython's io.BytesIO."""

import ctypes
import os
import struct
import time
from itertools import repeat

from cpython_base import PAGE, PIECE, SIZES, Work, beside, check, filled, filler, kernel_says

ALL_CASES_TO = 16 * SIZES["MiB"]  # it copies: at larger sizes a few cases say it all


def takes_part(size, pages, held):
    return size <= ALL_CASES_TO or held <= 1 and (pages <= 1 or pages == size // PAGE)


def mark_of(number):
    return ord("A") + number % 26


class Rounds:
    def __init__(self, size, pages, held, through_view, read_whole=False):
        self.size, self.count, self.most, self.through_view, self.read_whole = (
            size,
            pages,
            held,
            through_view,
            read_whole,
        )
        self.pages = size // PAGE
        self.step = SIZES["stride"] % self.pages
        self.marks = [bytes([mark_of(number)]) for number in range(26)]
        self.stream = filled(size)
        self.window = self.stream.getbuffer() if through_view else None
        self.page = self.number = self.oldest = 0
        self.held = []
        for _ in repeat(None, held + 3):
            self.run()

    def run(self):
        self.number += 1
        stream, window, page, pages, step = self.stream, self.window, self.page, self.pages, self.step
        mark = self.marks[self.number % 26]
        if window is None:
            seek, write = stream.seek, stream.write
            for _ in repeat(None, self.count):
                page = (page + step) % pages
                seek(page * PAGE)
                write(mark)
        else:
            byte = mark[0]
            for _ in repeat(None, self.count):
                page = (page + step) % pages
                window[page * PAGE] = byte
        self.page = page
        value = stream.getvalue()
        check(len(value) == self.size and (self.count == 0 or value[page * PAGE] == mark[0]))
        if self.read_whole:
            check(value.find(b"\0") < 0)
        if len(self.held) < self.most:
            self.held.append(value)
        elif self.most:
            self.held[self.oldest] = value
            self.oldest = (self.oldest + 1) % self.most

    def for_at_least(self, nanoseconds):
        """In batches that double; gives how many rounds there were."""
        end = time.perf_counter_ns() + nanoseconds
        done, batch, run = 0, 1, self.run
        while not done or time.perf_counter_ns() < end:
            for _ in repeat(None, batch):
                run()
            done += batch
            batch *= 2
        return done

    def verify(self):
        for age in range(len(self.held)):
            self.expect(self.held[(self.oldest - 1 - age) % len(self.held)], self.number - age)
        self.expect(self.stream.getvalue(), self.number)

    def expect(self, value, rounds):
        expected = bytearray(filler(PIECE) * (self.size // PIECE) + filler(PIECE)[: self.size % PIECE])
        writes = rounds * self.count
        for i in range(max(0, writes - self.pages) + 1, writes + 1):
            expected[i * self.step % self.pages * PAGE] = mark_of((i - 1) // self.count + 1)
        check(value == expected)


def question(*case):
    rounds = []

    def prepare():
        rounds[:] = [Rounds(*case)]
        rounds[0].for_at_least(SIZES["question_time"] // 2)

    def run():
        work.operations = rounds[0].for_at_least(SIZES["question_time"])

    work = Work(run, prepare=prepare, limit=1, finish=lambda: rounds.pop().verify())
    return work


def memory(*case):
    """In a process of its own, after the rounds that a measurement begins with and as many again."""
    counters = {}

    def held():
        ctypes.CDLL(None).malloc_trim(0)  # what the parent has freed is not there to be used again
        before = kernel_says("smaps_rollup", "Anonymous")
        rounds = Rounds(*case)
        for _ in repeat(None, rounds.most + 3):
            rounds.run()
        return (kernel_says("smaps_rollup", "Anonymous") - before) / rounds.size

    def run():
        filler(PIECE)
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.write(theirs, struct.pack("d", held()))
                status = 0
            finally:
                os._exit(status)
        check(os.waitpid(child, 0)[1] == 0)
        counters["held"] = struct.unpack("d", os.read(ours, 8))[0]
        os.close(ours)
        os.close(theirs)

    return Work(run, counters=counters)


ITEMS = {"question/read": lambda size, pages, held: question(size, pages, held, False, True)}
for kind, by_view in (("overwrite", False), ("view", True)):
    ITEMS[f"question/{kind}"] = lambda *case, by_view=by_view: question(*case, by_view)
    ITEMS[f"memory/question/{kind}"] = lambda *case, by_view=by_view: memory(*case, by_view)
    ITEMS[f"threads/question/{kind}"] = lambda *case, by_view=by_view: beside(question(*case, by_view))
