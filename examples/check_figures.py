"""Sizes and counts that pages and header name are those of the source, which is the one place that decides them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOTS, COSTS, GUIDE, HEADER = "docs/snapshots.md", "docs/costs.md", "docs/guide.md", "include/bytesio.h"
POLICY, WINDOW = "src/storage/policy.rs", "src/stream/window.rs"

# Source, constant, page, and the words around the figure.
FIGURES = [
    (POLICY, "MAPPED_FROM", SNAPSHOTS, "- from {} on: a second copy"),
    (POLICY, "MAPPED_FROM", SNAPSHOTS, "mapped blocks of {} and more"),
    (POLICY, "MAPPED_FROM", SNAPSHOTS, "one below {} that is changed"),
    (POLICY, "MAPPED_FROM", COSTS, "From {} on it has its bytes in a file"),
    (POLICY, "MAPPED_FROM", HEADER, "0 for the default. That is {};"),
    (POLICY, "MAPPED_WITH_EMPTIED_FROM", SNAPSHOTS, "- from {} on if an emptied file"),
    (POLICY, "MAPPED_WITH_EMPTIED_FROM", HEADER, "{} where the memory of an earlier mapped stream"),
    (POLICY, "MAPPED_FOR_VERSIONS_FROM", SNAPSHOTS, "- from {} on when a stream's older snapshots are kept"),
    (POLICY, "MAPPED_FOR_VERSIONS_FROM", SNAPSHOTS, "from {} where older snapshots are kept"),
    (POLICY, "MAPPED_FOR_VERSIONS_FROM", HEADER, "{} where older snapshots are held"),
    (POLICY, "SIBLINGS_FROM", SNAPSHOTS, "below {}; where the others"),
    (POLICY, "MAX_IDLE_SEPARATIONS", SNAPSHOTS, "stops waiting for siblings for {} separations"),
    (POLICY, "WATCH_FROM", SNAPSHOTS, "from {} on and from the second capture"),
    (POLICY, "WATCH_FROM", HEADER, "costs less from {} on (Linux 6.7)"),
    (POLICY, "MIN_GIVEN_BACK", SNAPSHOTS, "what is less than {} stays with the block"),
    (POLICY, "MAX_RESERVATIONS", SNAPSHOTS, "there are at most {} such blocks"),
    (POLICY, "MAX_KEPT_BYTES", SNAPSHOTS, "those that wait hold at most {}."),
    (POLICY, "MAX_KEPT_BYTES", HEADER, "whole process at most {})"),
    (POLICY, "MAX_EMPTIED", SNAPSHOTS, "at most {}, with at most"),
    (POLICY, "MAX_EMPTIED", HEADER, "(at most {}, with at most"),
    (POLICY, "MAX_EMPTIED_BYTES", SNAPSHOTS, "with at most {} of memory together"),
    (POLICY, "MAX_EMPTIED_BYTES", HEADER, "with at most {} together"),
    ("src/sys/linux/userfault.rs", "MAX_WATCHES", SNAPSHOTS, "its mapping; there are at most {}."),
    ("src/storage/backing/mapped/fork_guard/mod.rs", "MAX_FILES", SNAPSHOTS, "and at most {}; and two"),
    ("src/storage/history.rs", "GRANULE", SNAPSHOTS, "in pieces of {};"),
    (WINDOW, "COMFORTABLE", GUIDE, "of at least {} bytes or as many as are left"),
    (WINDOW, "COMFORTABLE", HEADER, "at least {} bytes, or as many as are left"),
    (WINDOW, "COMFORTABLE", HEADER, "beyond {} bytes or `min`"),
]


def check(runner):
    wrong = [f"{page}: {words.format(constant)}: {value}" for source, constant, page, words in FIGURES
             if not says(page, words, value := value_of(source, constant))]
    runner.report.check("the pages' and the header's figures are the source's", not wrong, "\n".join(wrong))


def says(page, words, value):
    text = re.sub(r"^ *\* ?", "", (ROOT / page).read_text(), flags=re.MULTILINE)  # without a comment's margin
    return any(words.format(form) in " ".join(text.split()) for form in forms(value))


def value_of(source, constant):
    """The number that the constant stands for; None where the source has no such line."""
    line = rf"^\s*(?:pub(?:\(\w+\))? )?const {constant}: \w+ = (\d+)(?: << (\d+))?;"
    found = re.search(line, (ROOT / source).read_text(), re.MULTILINE)
    return int(found.group(1)) << int(found.group(2) or 0) if found else None


def forms(value):
    """How a page may write the number: 4096, 4 KiB, 4 MiB."""
    if value is None:
        return []
    units = [f"{value >> shift} {unit}" for shift, unit in ((10, "KiB"), (20, "MiB")) if value % (1 << shift) == 0]
    return [str(value), *units]
