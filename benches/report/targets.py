"""The figures that the project set itself, beside what was measured. Nothing here decides a run: it only says."""

import math

import units

MIB = 2**20
C_LOCKING = ("open_memstream", "fmemopen", "evbuffer_locked")
MALLOC = ("std_string", "glib_bytearray", "open_memstream", "cpython", "openssl_bio", "bytes_crate")
LARGE = (MIB, 16 * MIB, 50 * MIB, 256 * MIB)


class Target:
    def __init__(self, text, measured, bound, unit=units.ratio, at_least=False):
        """measured: [(label, number)], where None is what this run has not measured."""
        self.text, self.bound, self.unit, self.at_least = text, bound, unit, at_least
        self.measured = [(label, number) for label, number in measured if number is not None]

    def row(self):
        if not self.measured:
            return f"| {self.text} | not measured | |"
        values = "; ".join(f"{label} {self.unit(number)}".strip() for label, number in self.measured)
        missed = [
            label
            for label, number in self.measured
            if (number < self.bound if self.at_least else number > self.bound)
        ]
        said = (
            "yes"
            if not missed
            else "**no**"
            if len(missed) == len(self.measured)
            else f"**not** {', '.join(missed)}"
        )
        return f"| {self.text} | {values} | {said} |"


def over(first, second):
    return first / second if first is not None and second else None


def best(results, work, programs):
    found = [results.value(work, program) for program in programs]
    return min((value for value in found if value is not None), default=None)


def slope(results, item):
    """By what power of n the whole time grows, where fixed costs and warm memory no longer matter."""
    ends = [(rounds, results.value(f"{item}/{rounds}")) for rounds in (10000, 100000)]
    if any(value is None for _, value in ends):
        return None
    (first, each_first), (last, each_last) = ends
    return 1 + math.log(each_last / each_first) / math.log(last / first)


def targets(results):
    own, vs = (
        results.value,
        lambda work, other, program: over(results.value(work), results.value(other, program)),
    )
    small = [("write", 8), ("write", 16), ("write", 64)]
    reads = [("read", 16), ("read", 64)]
    label = lambda item, size: f"{item} {size} B"
    return [
        Target(
            "small writes and reads at or below `std::string::append`, inlined: ratio at most 1, memory there already",
            [(label(*each), vs("%s/%d" % each, f"write/{each[1]}", "std_string")) for each in small + reads],
            1,
        ),
        Target(
            "the same, the string grows from nothing",
            [
                (label("write", size), vs(f"write_new/{size}", f"write_new/{size}", "std_string"))
                for size in (16, 64)
            ],
            1,
        ),
        Target(
            "twice as fast as the fastest C peer that locks: at least 2, one thread",
            [
                (label(*each), over(best(results, "%s/%d" % each, C_LOCKING), own("%s/%d" % each)))
                for each in small + reads
            ],
            2,
            at_least=True,
        ),
        Target(
            "50 × 1 MiB on first use: at most 0.6 of CPython's time",
            [("", vs(f"cold/chunks/{50 * MIB}", f"cold/chunks/{50 * MIB}", "cpython"))],
            0.6,
        ),
        Target(
            "50 × 1 MiB again and again: at most 0.3 of CPython's time",
            [("", vs(f"build/chunks/{50 * MIB}", f"build/chunks/{50 * MIB}", "cpython"))],
            0.3,
        ),
        Target(
            "1 to 16 MiB again and again at malloc's speed: at most 1.1 of the fastest that is on malloc",
            [
                (
                    units.size(size),
                    over(own(f"build/pieces/{size}"), best(results, f"build/pieces/{size}", MALLOC)),
                )
                for size in LARGE[:2]
            ],
            1.1,
        ),
        Target(
            "one byte overwritten after a snapshot: at most 15 µs",
            [(units.size(size), own(f"overwrite/byte/{size}")) for size in LARGE],
            15e3,
            units.time,
        ),
        Target(
            "1 % of the pages at 50 MiB: at most 0.1 of a warm copy",
            [("", vs(f"overwrite/percent/{50 * MIB}", f"overwrite/percent/{50 * MIB}", "limit"))],
            0.1,
        ),
        Target(
            "every page changed: at most about 2 warm copies",
            [
                (units.size(size), vs(f"overwrite/all/{size}", f"overwrite/all/{size}", "limit"))
                for size in LARGE
            ],
            2.1,
        ),
        Target(
            "getvalue under a live view, one page changed, 50 MiB: at least 40 times faster than CPython",
            [("", over(results.value(f"view/{50 * MIB}/1", "cpython"), own(f"view/{50 * MIB}/1")))],
            40,
            at_least=True,
        ),
        Target(
            "the growing log is linear from n = 10 000 to 100 000: whole time by a power of n of at most 1.1",
            [(kind, slope(results, f"log/{kind}")) for kind in ("dropped", "kept")],
            1.1,
        ),
        Target(
            "getvalue: at most 15 ns",
            [(units.size(size), own(f"getvalue/{size}")) for size in (MIB, 50 * MIB)],
            15,
            units.time,
        ),
        Target(
            "memory above 4 MiB of payload: at most 1.01 of it",
            [(units.size(size), own(f"memory/build/{size}", key="held")) for size in LARGE[1:]],
            1.01,
            "{:.3f}".format,
        ),
    ]


def table(results):
    return ["| what | measured | reached |", "|---|---|---|", *[target.row() for target in targets(results)]]
