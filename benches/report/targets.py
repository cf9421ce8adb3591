"""The figures that the project set itself, beside what was measured. Nothing here decides a run: it only says."""

import math

import units
from question import CPYTHON, HELD, MB, MIB, PAGE, SIZES, change_text, pages_of, size_text, work_name
from sections import SMALL
from stats import BEFORE, LIMIT, NEVER_MAPPED, OURS

C_LOCKING = ("open_memstream", "fmemopen", "evbuffer_locked")
MALLOC = ("std_string", "glib_bytearray", "open_memstream", "cpython", "openssl_bio", "bytes_crate")
CANNOT_GROW = ("fmemopen",)
LARGE = (MIB, 16 * MIB, 50 * MIB, 256 * MIB)
FROM_64_KIB = [size for size in SIZES if size >= 64 * 1024]
MICROSECOND = 1e3
LISTED = 8  # so many figures are shown one by one; of more, the worst


class Target:
    def __init__(self, text, measured, bound=1, unit=units.ratio, at_least=False):
        """measured: [(label, number)] or [(label, number, bound)], where None is what this run has not measured."""
        self.text, self.unit, self.at_least = text, unit, at_least
        self.measured = [
            (label, number, *(own or [bound])) for label, number, *own in measured if number is not None
        ]

    def excess(self, entry):
        """What it is of what it may be: above 1 is missed."""
        _, number, bound = entry
        part = (bound, number) if self.at_least else (number, bound)
        return part[0] / part[1] if part[1] else math.inf

    def said(self, entry):
        return f"{entry[0]} {self.unit(entry[1])}".strip()

    def row(self):
        if not self.measured:
            return f"| {self.text} | not measured | |"
        worst_first = sorted(self.measured, key=self.excess, reverse=True)
        missed = [entry for entry in worst_first if self.excess(entry) > 1]
        shown = self.measured if len(self.measured) <= LISTED else worst_first[:3]
        values = "; ".join(map(self.said, shown))
        if len(self.measured) > LISTED:
            values = f"{len(self.measured)} figures; the worst: {values}"
        return f"| {self.text} | {values} | {self.verdict(missed)} |"

    def verdict(self, missed):
        if not missed:
            return "yes"
        which = "all" if len(missed) == len(self.measured) else f"{len(missed)} of {len(self.measured)}"
        each = "; ".join(
            f"{self.said(entry)}, asked {self.unit(entry[2])}" for entry in missed[:LISTED]
        )
        return f"**missed** ({which}): {each}" + ("; …" if len(missed) > LISTED else "")


def over(first, second):
    return first / second if first is not None and second else None


def best(results, work, programs=None):
    found = [value for value, program in results.peers(work) if programs is None or program in programs]
    return min(found, default=None)


def slope(results, item):
    """By what power of n the whole time grows, where fixed costs and warm memory no longer matter."""
    ends = [(rounds, results.value(f"{item}/{rounds}")) for rounds in (10000, 100000)]
    if any(value is None for _, value in ends):
        return None
    (first, each_first), (last, each_last) = ends
    return 1 + math.log(each_last / each_first) / math.log(last / first)


def held_text(held):
    return {0: "none held", 1: "one held"}.get(held, f"{held} held")


def case_text(kind, size, pages, held):
    return f"{size_text(size)}, {change_text(kind, size, pages)}, {held_text(held)}"


def cases(sizes):
    return [
        (kind, size, pages, held)
        for size in sizes
        for kind in ("overwrite", "view")
        for pages in pages_of(size, kind)
        for held in HELD
    ]


def at_one_mb(results):
    """The table that the project is about, and its other lines."""
    faster = lambda *case: over(results.value(work_name(*case), CPYTHON), results.value(work_name(*case)))
    copied = [("overwrite", MB, 1, 1, 10), ("view", MB, 0, 1, 10), ("view", MB, 1, 1, 5)]
    named = [tuple(case) for *case, _ in copied]
    slower = lambda *case: over(results.value(work_name(*case)), results.value(work_name(*case), CPYTHON))
    most = [("overwrite", 1, 0.5), ("view", 0, 1.2), ("view", 1, 3.5)]
    return [
        Target(
            "the question at 1 MB, the last value held: 10 times faster than CPython, 5 times with one page changed "
            "through the view",
            [(change_text(*case[:3]), faster(*case), least) for *case, least in copied],
            at_least=True,
        ),
        Target(
            "all other lines of the question at 1 MB: at least as fast as CPython",
            [(case_text(*case), slower(*case)) for case in cases((MB,)) if case not in named],
        ),
        Target(
            "1 MB, the last value held: one page overwritten at most 0.5 µs, a view unchanged 1.2 µs, one page "
            "changed through it 3.5 µs",
            [
                (change_text(kind, MB, pages), results.value(work_name(kind, MB, pages, 1)), bound * MICROSECOND)
                for kind, pages, bound in most
            ],
            unit=units.time,
        ),
    ]


def over_size(results):
    """One page changed, one or two values held, from 16 KiB to 256 MiB; nothing slower than it was."""

    def one_page(kind, sizes, held, bound):
        return [
            (f"{size_text(size)}, {held_text(each)}", results.value(work_name(kind, size, 1, each)), bound(size))
            for size in sizes
            for each in held
        ]

    middle, large = [size for size in SIZES if size <= 16 * MIB], {50 * MIB: 10, 256 * MIB: 15}
    at_large = lambda size: large[size] * MICROSECOND
    growing = lambda first, each: lambda size: (first + each * size / MIB) * MICROSECOND
    surely_slower = lambda work: over(
        results.value(work, quantile="q1"), results.value(work, BEFORE, quantile="q3")
    )
    before = [(case_text(*case), surely_slower(work_name(*case))) for case in cases(SIZES)]
    before.append(("a log whose header is rewritten", surely_slower("log/header/3000")))
    return [
        Target(
            "16 KiB to 16 MiB, one page overwritten, one or two values held: at most 0.4 µs and 0.06 µs a MiB",
            one_page("overwrite", middle, (1, 2), growing(0.4, 0.06)),
            unit=units.time,
        ),
        Target(
            "512 KiB to 16 MiB, one page changed through a view, one or two values held: at most 3 µs and 0.5 µs a MiB",
            one_page("view", [size for size in middle if size >= 512 * 1024], (1, 2), growing(3, 0.5)),
            unit=units.time,
        ),
        Target(
            "no case of the question slower than before (`--before`): first quartile at most 1.05 of its third",
            before,
            1.05,
        ),
        Target(
            "50 and 256 MiB by default, one page overwritten, values unread: at most 10 and 15 µs",
            one_page("overwrite", large, (1, 2), at_large),
            unit=units.time,
        ),
        Target(
            "the same through a view",
            one_page("view", large, (1, 2), at_large),
            unit=units.time,
        ),
        Target(
            "the same, each value read whole in between: at most 1.3 times reading alone",
            [
                (size_text(size), over(*(results.value(f"question/read/{size}/{pages}/1") for pages in (1, 0))))
                for size in large
            ],
            1.3,
        ),
        Target(
            "the same, memory: at most 1.1 of the payload",
            [
                (
                    case_text(kind, size, 1, held),
                    results.value(work_name(kind, size, 1, held, "memory/"), key="held"),
                )
                for size in large
                for kind in ("overwrite", "view")
                for held in (1, 2)
            ],
            1.1,
            "{:.3f}".format,
        ),
    ]


def of_a_copy(results):
    def part(kind, size, pages, program=OURS):
        copy = results.value(f"question/copy/{size}", LIMIT)
        return over(results.value(work_name(kind, size, pages, 1), program), copy)

    percent = 50 * MIB // PAGE // 100
    return [
        Target(
            "1 % of the pages overwritten at 50 MiB: at most 0.12 of a warm copy, 0.04 with `mapped_from` SIZE_MAX",
            [
                ("by default", part("overwrite", 50 * MIB, percent), 0.12),
                ("SIZE_MAX", part("overwrite", 50 * MIB, percent, NEVER_MAPPED), 0.04),
            ],
        ),
        *[
            Target(
                f"every page {text}, 64 KiB to 256 MiB: at most 1.15 warm copies",
                [(size_text(size), part(kind, size, size // PAGE)) for size in FROM_64_KIB],
                1.15,
            )
            for kind, text in (("overwrite", "overwritten"), ("view", "changed through a view"))
        ],
    ]


def building(results):
    own = results.value
    growing = [program for program in results.stored["peers"] if program not in CANNOT_GROW]
    again = lambda size, peers=None: over(own(f"build/pieces/{size}"), best(results, f"build/pieces/{size}", peers))
    return [
        Target(
            "built again and again in 64 KiB pieces: 50 MiB at most half the best peer's time, 256 MiB no slower",
            [("50 MiB", again(50 * MIB), 0.5), ("256 MiB", again(256 * MIB), 1)],
        ),
        Target(
            "built cold: at most 1.1 of the best peer that grows",
            [
                (units.size(size), over(own(f"cold/pieces/{size}"), best(results, f"cold/pieces/{size}", growing)))
                for size in LARGE
            ],
            1.1,
        ),
        Target(
            "1 and 16 MiB again and again as malloc: at most 1.1 of the fastest that is on malloc",
            [(units.size(size), again(size, MALLOC)) for size in LARGE[:2]],
            1.1,
        ),
        Target(
            "memory above 4 MiB of payload: at most 1.01 of it, no value held under a change",
            [(units.size(size), own(f"memory/build/{size}", key="held")) for size in LARGE[1:]],
            1.01,
            "{:.3f}".format,
        ),
    ]


def small_calls(results):
    own, vs = (
        results.value,
        lambda work, other, program: over(results.value(work), results.value(other, program)),
    )
    small = [("write", 8), ("write", 16), ("write", 64)]
    reads = [("read", 16), ("read", 64)]
    label = lambda item, size: f"{item} {size} B"
    counts = results.stored.get("instructions", {})
    return [
        Target(
            "beside a sleeping thread: small writes and reads at most 1.3 times what they cost alone",
            [
                (label(item, size), over(own(f"threads/{item}/{size}"), own(f"{item}/{size}")))
                for item in ("write", "read")
                for size in SMALL
            ],
            1.3,
        ),
        Target(
            "beside a sleeping thread: getvalue and release at most 15 ns",
            [("", own(f"threads/getvalue/{MIB}"))],
            15,
            units.time,
        ),
        Target(
            "small calls take no more instructions than before (`--before`)",
            [(call, over(number, counts.get(BEFORE, {}).get(call))) for call, number in counts.get(OURS, {}).items()],
        ),
        Target(
            "small writes and reads at or below `std::string::append`, inlined: ratio at most 1, memory there already",
            [(label(*each), vs("%s/%d" % each, f"write/{each[1]}", "std_string")) for each in small + reads],
        ),
        Target(
            "the same, the string grows from nothing",
            [
                (label("write", size), vs(f"write_new/{size}", f"write_new/{size}", "std_string"))
                for size in (16, 64)
            ],
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
    ]


def others(results):
    vs = lambda work, program: over(results.value(work), results.value(work, program))
    return [
        Target(
            "50 × 1 MiB on first use: at most 0.6 of CPython's time",
            [("", vs(f"cold/chunks/{50 * MIB}", CPYTHON))],
            0.6,
        ),
        Target(
            "50 × 1 MiB again and again: at most 0.3 of CPython's time",
            [("", vs(f"build/chunks/{50 * MIB}", CPYTHON))],
            0.3,
        ),
        Target(
            "the growing log is linear from n = 10 000 to 100 000: whole time by a power of n of at most 1.1",
            [(kind, slope(results, f"log/{kind}")) for kind in ("dropped", "kept")],
            1.1,
        ),
        Target(
            "getvalue: at most 15 ns",
            [(units.size(size), results.value(f"getvalue/{size}")) for size in (MIB, 50 * MIB)],
            15,
            units.time,
        ),
    ]


def table(results):
    groups = (at_one_mb, over_size, of_a_copy, building, small_calls, others)
    rows = [target.row() for group in groups for target in group(results)]
    return ["| what | measured | reached |", "|---|---|---|", *rows]
