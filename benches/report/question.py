"""The question's tables, for the page and for a terminal: rounds on streams of each size, ours and CPython's."""

import units
from stats import BEFORE, LIMIT, NEVER_MAPPED, OURS

MIB = 2**20
MB = 1_000_000
PAGE = 4096
CPYTHON = "cpython"
SIZES = [16 * 1024, 64 * 1024, 256 * 1024, MB, 4 * MIB, 16 * MIB, 50 * MIB, 256 * MIB]
HELD = [0, 1, 2, 3, 10]
HELD_TITLES = ["none held", "one", "two", "three", "ten"]
KINDS = {"overwrite": "write", "view": "view"}


def size_text(size):
    return "1 MB" if size == MB else units.size(size)


def work_name(kind, size, pages, held, where=""):
    return f"{where}question/{kind}/{size}/{pages}/{held}"


def pages_of(size, kind):
    """As question_pages() in work/question.hpp."""
    every = size // PAGE
    few = [pages for pages in (0, 1, 10, 100) if pages < every and (pages or kind == "view")]
    return few + ([every // 100] if every // 100 > 100 else []) + [every]


def change_text(kind, size, pages):
    every = size // PAGE
    if pages in (0, 1):
        return f"{KINDS[kind]} {('nothing', '1 page')[pages]}"
    which = "all " if pages == every else "1 %: " if pages not in (10, 100) else ""
    return f"{KINDS[kind]} {which}{pages} pages"


def brief(value, program_key):
    if value is None:
        return "–"
    return f"{value:.2f}" if program_key == "held" else units.time(value)


ROUND = "round: change, getvalue"


class Table:
    """Rows of cells; the first column is text."""

    def __init__(self, title, head, rows):
        self.title, self.head, self.rows = title, head, rows

    def markdown(self):
        lines = ["| " + " | ".join(self.head) + " |", "|---|" + "--:|" * (len(self.head) - 1)]
        return [f"**{self.title}**", "", *lines, *("| " + " | ".join(row) + " |" for row in self.rows), ""]

    def plain(self):
        """In columns, without Markdown's marks."""
        rows = [self.head, *([each.replace("**", "") for each in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.head))]
        line = lambda row: "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        )
        return [self.title, *("  " + line(row).rstrip() for row in rows), ""]


def pair(results, work, key="ns", programs=(OURS, CPYTHON)):
    """Ours / the other's; bold where the other is better."""
    own, other = (results.value(work, program, key) for program in programs)
    if own is None and other is None:
        return "–"
    text = brief(own, key) + (f" / {brief(other, key)}" if other is not None else "")
    return f"**{text}**" if own is not None and other is not None and own > 1.005 * other else text


def rows_of(size, cells):
    """cells: a function of a kind and pages; rows without any figure are left out."""
    found = []
    for kind in KINDS:
        for pages in pages_of(size, kind):
            row = cells(kind, pages)
            if any(cell != "–" for cell in row):
                found.append([change_text(kind, size, pages), *row])
    return found


def times(results, size, where=""):
    """One table: a round's time for each number of values held, and what part of a warm copy it is."""
    copy = results.value(f"question/copy/{size}", LIMIT)

    def cells(kind, pages):
        works = [work_name(kind, size, pages, held, where) for held in HELD]
        own = results.value(works[1])
        return [*(pair(results, work) for work in works), units.ratio(own / copy) if own and copy else "–"]

    title = size_text(size) + (", beside a sleeping thread" if where else "")
    title += f"; a warm copy: {units.time(copy)}" if copy else ""
    head = [ROUND, *HELD_TITLES, "one, of a copy"]
    return Table(title, head, rows_of(size, cells))


def other_programs(results, size, program, title):
    """The same for another build or configuration, beside ours."""
    cells = lambda kind, pages: [
        brief(results.value(work_name(kind, size, pages, held), program), "ns") for held in HELD
    ]
    return Table(f"{size_text(size)}, {title}", [ROUND, *HELD_TITLES], rows_of(size, cells))


def memory(results, size):
    cells = lambda kind, pages: [
        pair(results, work_name(kind, size, pages, held, "memory/"), "held") for held in HELD
    ]
    title = f"{size_text(size)}, memory over payload"
    return Table(title, ["values included", *HELD_TITLES], rows_of(size, cells))


def reading(results):
    """Each value read from end to end in between, over reading alone."""
    rows = []
    for size in SIZES:
        limit = results.value(f"question/reading/{size}", LIMIT)
        alone = results.value(f"question/read/{size}/0/1")
        changed = results.value(f"question/read/{size}/1/1")
        if changed is None:
            continue
        rows.append(
            [
                size_text(size),
                brief(limit, "ns"),
                pair(results, f"question/read/{size}/0/1"),
                pair(results, f"question/read/{size}/1/1"),
                units.ratio(changed / alone) if alone else "–",
            ]
        )
    head = ["each value read whole", "warm memory", "nothing changed", "1 page changed", "over nothing changed"]
    return Table("Reading", head, rows)


def tables(results):
    found = [times(results, size) for size in SIZES]
    found += [other_programs(results, size, NEVER_MAPPED, "mapped_from SIZE_MAX") for size in SIZES[-2:]]
    found += [times(results, MB, "threads/"), reading(results), *(memory(results, size) for size in SIZES[1:])]
    if BEFORE in results.stored["peers"]:
        found += [other_programs(results, size, BEFORE, "before") for size in SIZES]
    return [table for table in found if table.rows]


def section(results):
    shown = tables(results)
    if not shown:
        return []
    lines = [
        "## The question",
        "",
        "Values are held, some pages of the stream change, a byte in each, and the next value is taken; then the",
        "oldest is let go. How long does such a round take? *write*: by `bio_pwrite`; *view*: through the pointer of a",
        "live writable view. Held: so many values are alive while the pages change. Each cell: this library /",
        "CPython's io.BytesIO, bold where CPython is better. CPython copies, so at the largest sizes a few of its",
        "cases say it all.",
        "",
    ]
    return lines + [line for table in shown for line in table.markdown()]


def terminal(results):
    return "\n".join(line for table in tables(results) for line in table.plain())
