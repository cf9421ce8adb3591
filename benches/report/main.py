"""Measures, summarises and renders; started by benches/run when everything is built."""

import argparse
import json
import re
import sys
from pathlib import Path

import document
import instructions
import machine
import measure
import plots
import question
import stats

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/bench"
QUESTION_PEERS = "^(libbytesio|libbytesio_never_mapped|before|limit|cpython)$"


def options():
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a smoke test: each piece of work once, results below build/bench/quick",
    )
    parser.add_argument(
        "--question",
        action="store_true",
        help="only the question, of this library and CPython, without what takes long, and a table of it on "
        "the terminal; with --only instead: some of its groups, --passes: medians, --peers: other programs",
    )
    parser.add_argument("--passes", type=int, help="how often each program is run (5; 1 with the others)")
    parser.add_argument("--only", metavar="REGEX", default=".", help="only groups of work whose name matches")
    parser.add_argument("--peers", metavar="REGEX", default=".", help="only programs whose name matches")
    parser.add_argument(
        "--before",
        metavar="FILE",
        type=Path,
        help="another build of the library, with the same functions, measured beside this one",
    )
    parser.add_argument("--render", action="store_true", help="only render benches/results.json anew")
    chosen = parser.parse_args()
    if chosen.question:
        chosen.only = "^question" if chosen.only == "." else chosen.only
        chosen.peers = QUESTION_PEERS if chosen.peers == "." else chosen.peers
    chosen.partial = chosen.quick or chosen.only != "." or chosen.peers != "."
    chosen.short = chosen.quick or chosen.question
    chosen.passes = chosen.passes or (1 if chosen.short else 5)
    if chosen.before:
        chosen.before = chosen.before.resolve(strict=True)
    return chosen


def text(results):
    """JSON with one line for each piece of work and program: it is kept in version control."""
    head = json.dumps({key: value for key, value in results.items() if key != "work"}, indent=1)
    blocks = []
    for work, programs in results["work"].items():
        lines = (f"   {json.dumps(program)}: {json.dumps(entry)}" for program, entry in programs.items())
        blocks.append(f"  {json.dumps(work)}: {{\n" + ",\n".join(lines) + "\n  }")
    return head.removesuffix("\n}") + ',\n "work": {\n' + ",\n".join(blocks) + "\n }\n}\n"


def main():
    chosen = options()
    out = BUILD / "quick" if chosen.partial else BUILD
    out.mkdir(parents=True, exist_ok=True)
    stored = out / "results.json"
    record = ROOT / "benches/results.json"  # committed, beside the table that is made of it
    if not chosen.render:
        raw = measure.all_groups(BUILD, chosen)
        results = {
            "machine": machine.describe(ROOT),
            "passes": raw.passes,
            "seconds": raw.seconds,
            "peers": raw.peers,
            "left_out": raw.left_out,
            "threaded": sorted(raw.threaded),
            "instructions": instructions.measure(BUILD, chosen.before) if re.search(chosen.only, "small") else {},
            "work": stats.summarise(raw.samples),
        }
        stored.write_text(text(results))
        if not chosen.partial:
            record.write_text(text(results))
    results = json.loads((record if chosen.render else stored).read_text())
    if chosen.question:
        print(question.terminal(stats.Results(results)))
    docs = out if chosen.partial else ROOT / "docs"
    plots.draw(results, docs / "plots")
    document.write(results, docs / "performance.md")
    print(
        "bench: wrote",
        *(str(path.relative_to(ROOT)) for path in (stored, docs / "performance.md", docs / "plots")),
    )


if __name__ == "__main__":
    sys.exit(main())
