"""What the tables call the work, in their order. A section is one kind of work over one parameter."""

from dataclasses import dataclass

import units
from question import PAGE, SIZES, size_text, work_name

MIB = 2**20


@dataclass
class Section:
    title: str
    work: list  # names as in results.json
    columns: list
    note: str = ""
    key: str = "ns"
    limit: str = "memcpy into warm memory"
    against: tuple = ()  # the programs to be compared with; none: all peers
    limits: tuple = ()  # the limit's work where that is other than the section's

    def limit_of(self, work):
        return self.limits[self.work.index(work)] if self.limits else work


def over(item, parameters, text=units.size):
    return [f"{item}/{each}" for each in parameters], [text(each) for each in parameters]


def several(*items):
    """[(work, column)] as the two lists of a section."""
    return [work for work, _ in items], [column for _, column in items]


LOCKING = (
    "open_memstream",
    "fmemopen",
    "evbuffer_locked",
    "cpython",
)  # a second thread may use the same stream
SMALL = [8, 16, 64, 256, 1024, 4096]
LARGE = [MIB, 16 * MIB, 50 * MIB, 256 * MIB]
QUESTION = SIZES[1:]
PAYLOADS = [4 * MIB, *LARGE[1:]]
ROUNDS = [300, 1000, 3000, 10000, 30000, 100000]
COPY = "a memcpy of all of it into warm memory"
COUNT = "a counted pointer"

SECTIONS = [
    Section(
        "Small writes",
        *over("write", SMALL),
        note="64 KiB in pieces of this size, into memory that is there already; time per write.",
    ),
    Section(
        "Small writes into a new stream",
        *over("write_new", [16, 64]),
        note="The same, with a stream made, grown and freed for each 64 KiB; time per write.",
    ),
    Section("Small reads", *over("read", SMALL), note="64 KiB in pieces of this size; time per read."),
    Section(
        "A few bytes, inlined where the peer lets the compiler",
        *several(("put/1", "write 1 B"), ("put/8", "write 8 B"), ("get/1", "read 1 B"), ("get/8", "read 8 B")),
        note="64 KiB in pieces of a size that the compiler knows; time per piece. Through the cursor (`bio_put`, "
        "`bio_get`) where libbytesio is unlocked.",
    ),
    Section(
        "Lines", *over("lines", [50]), note="Lines of 50 bytes; time per line.", limit="a loop over memchr"
    ),
    Section(
        "Building, again and again",
        *several(("build/chunks/52428800", "50 × 1 MiB"), *zip(*over("build/pieces", LARGE))),
        note="From nothing, in chunks of 1 MiB or pieces of 64 KiB, and freed; in one process.",
    ),
    Section(
        "Building, cold",
        *several(("cold/chunks/52428800", "50 × 1 MiB"), *zip(*over("cold/pieces", LARGE))),
        note="The same, once in a process that has just begun.",
    ),
    Section(
        "getvalue", *over("getvalue", [MIB, 50 * MIB]), note="Taken and let go, nothing else.", limit=COUNT
    ),
    Section(
        "getvalue after each append",
        *over("append", LARGE[:3]),
        note="1 KiB appended, then a value taken, the one before let go; streams of this size.",
        limit="1 KiB of memcpy and " + COUNT,
    ),
    *[
        Section(
            title,
            [work_name(kind, size, pages(size), 1) for size in QUESTION],
            [size_text(size) for size in QUESTION],
            note=note,
            limit=COPY,
            limits=[f"question/copy/{size}" for size in QUESTION],
        )
        for title, kind, pages, note in (
            (
                "One page changed, the last value held",
                "overwrite",
                lambda size: 1,
                "As in the question: a byte is overwritten, a value taken, the one before let go.",
            ),
            ("Every page changed, the last value held", "overwrite", lambda size: size // PAGE, ""),
            (
                "A view and nothing changed, the last value held",
                "view",
                lambda size: 0,
                "A writable view lives; a value is taken, the one before let go.",
            ),
            (
                "One page changed through a view, the last value held",
                "view",
                lambda size: 1,
                "A byte is written through the view's pointer each time.",
            ),
        )
    ],
    Section(
        "Clone",
        *over("clone", [MIB, 50 * MIB]),
        note="An independent stream with the same content, and its end.",
        limit=COPY,
    ),
    Section(
        "The growing log, values dropped",
        *over("log/dropped", ROUNDS, lambda n: f"n = {n}"),
        note="n times: append 1 KiB, take a value, let the one before go; time per round.",
        limit="1 KiB of memcpy and " + COUNT,
    ),
    Section(
        "The growing log, its header rewritten",
        *several(("log/header/3000", "n = 3000")),
        note="As before, and its first byte is overwritten before each value; time per round.",
        limit="1 KiB of memcpy and " + COUNT,
    ),
    Section(
        "The growing log, values kept",
        *over("log/kept", ROUNDS, lambda n: f"n = {n}"),
        note="The same, all values kept to the end; time per round.",
        limit="1 KiB of memcpy and " + COUNT,
    ),
    Section(
        "Beside a sleeping thread",
        *several(
            *[
                (f"threads/{item}/{size}", f"{item} {size} B")
                for item in ("write", "read")
                for size in SMALL
            ],
            (f"threads/getvalue/{MIB}", "getvalue and release"),
        ),
        note="Small calls as above in a process that has a second thread: who locks, locks. "
        "The summary compares with those that lock.",
        against=LOCKING,
    ),
    Section(
        "Beside a reading thread",
        *several(("threads/publish", "per record")),
        note="1 KiB records appended to 1 MiB; each 64th time a value is handed to a thread that "
        "checks its end over and over.",
    ),
    Section(
        "Memory over payload",
        *over("memory/build", PAYLOADS),
        note="What the process holds above its beginning when the stream is built in pieces of 64 KiB, "
        "memfds included, over the payload.",
        key="held",
    ),
    Section(
        "Memory over payload, at its peak",
        *over("memory/build", PAYLOADS),
        note="The most it has held meanwhile, as a second thread (CPython: the kernel) saw it.",
        key="peak",
    ),
    Section(
        "Memory over payload with a value and one byte overwritten",
        *several((f"memory/overwrite/{50 * MIB}", "50 MiB")),
        key="held",
    ),
]
