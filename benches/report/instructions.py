"""Instruction counts of small calls, by valgrind: exact where a clock on a shared machine is not."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from question import Table
from stats import BEFORE, OURS


def counted(program, preload=None):
    """{call: instructions}"""
    environment = {**os.environ, **({"LD_PRELOAD": str(preload)} if preload else {})}
    with tempfile.TemporaryDirectory() as folder:
        words = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(program)]
        done = subprocess.run(words, check=True, text=True, capture_output=True, env=environment)
        dumped = {}
        for path in Path(folder).glob("out.*"):
            text = path.read_text()
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
            if name and total:
                dumped[name[1]] = int(total[1])
    calls = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    return {name: round(dumped[name] / int(number), 1) for name, number in calls.items()}


def measure(build, before):
    """{program: {call: instructions}}; nothing where valgrind is not there."""
    program = build / "instructions"
    if not (program.exists() and shutil.which("valgrind")):
        return {}
    return {OURS: counted(program), **({BEFORE: counted(program, before)} if before else {})}


def table(results):
    found = results.stored.get("instructions", {})
    if OURS not in found:
        return None
    own, before = found[OURS], found.get(BEFORE, {})
    rows = []
    for call, number in own.items():
        old = before.get(call)
        text = f"{number:.1f}"
        rows.append([call, f"**{text}**" if old and number > old else text, *([f"{old:.1f}"] if old else [])])
    return Table("Instructions a call", ["call", "libbytesio", *(["before"] if before else [])], rows)
