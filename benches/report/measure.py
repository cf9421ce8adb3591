"""Runs the programs: group by group, in each pass all peers one after the other in a new order, so that they share
whatever the machine is doing at that time. Work that needs a fresh process gets one."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from stats import BEFORE, OURS

PROGRAMS = [
    "libbytesio",
    BEFORE,
    "libbytesio_unlocked",
    "libbytesio_never_mapped",
    "limit",
    "std_string",
    "std_stringstream",
    "open_memstream",
    "fmemopen",
    "glib_bytearray",
    "glib_memory_output_stream",
    "evbuffer",
    "evbuffer_locked",
    "openssl_bio",
    "arrow_stream",
    "bytes_crate",
    "cpython",
]
LISTERS = ("libbytesio", "limit")  # these two do all work there is


@dataclass
class Group:
    """Work that runs in one process: `pattern` picks it. `alone`: each piece of it in a process of its own, as where
    memory must be cold. What one thread does is timed in processor time, of the program and of the system on its behalf:
    the machine may be shared, and waiting for one's turn is not the work's."""

    name: str
    pattern: str
    repetitions: int = 1
    min_time: float = 0.02
    alone: bool = False
    passes: int = 99
    one_thread: bool = True
    time: str = "cpu_time"


# Each piece of the question repeats itself for long enough.
GROUPS = [
    Group("question", "^question/[a-z]*/(16384|65536|262144|1000000|4194304|16777216)/", passes=3),
    Group("question-large", "^question/[a-z]*/(52428800|268435456)/", passes=3),
    Group("question-beside", "^threads/question/", one_thread=False, passes=3),
    Group("question-memory", "^memory/question/", passes=1),
    Group("small", "^(write|write_new|read|lines|put|get)/", repetitions=3),
    Group("values", "^(getvalue|append|clone)/"),
    Group("build", "^build/"),
    Group("beside", "^threads/(write|read|getvalue)/", one_thread=False),
    Group("publish", "^threads/publish/", one_thread=False, time="real_time"),
    Group("log", "^log/", passes=3),
    Group("cold", "^cold/", alone=True),
    Group("memory", "^memory/(build|overwrite)/", alone=True, passes=3, one_thread=False),
]


@dataclass
class Raw:
    peers: dict
    left_out: list
    threaded: set
    samples: dict
    passes: int
    seconds: float


def command(build, program):
    if program == "cpython":
        return [sys.executable, str(Path(__file__).parents[1] / "peers/cpython.py"), str(build / LISTERS[0])]
    return [str(build / (OURS if program == BEFORE else program))]


def listed(build):
    names = []
    for program in LISTERS:
        words = command(build, program) + ["--benchmark_list_tests"]
        names += subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    return list(dict.fromkeys(names))


def run(build, program, group, pattern, chosen):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        flags = [
            f"--benchmark_filter={pattern}",
            f"--benchmark_out={out.name}",
            f"--benchmark_min_time={0.001 if chosen.quick else group.min_time}",
            f"--benchmark_repetitions={1 if chosen.quick else group.repetitions}",
        ]
        words = command(build, program) + flags
        environment = {**os.environ, "LD_PRELOAD": str(chosen.before)} if program == BEFORE else None
        done = subprocess.run(
            words, check=False, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
        )
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        text = Path(out.name).read_text()
    return json.loads(text) if text else {"context": {}, "benchmarks": []}


def plain(name):
    """The harness's own additions to a name are not the work's."""
    return re.sub(r"/(iterations:\d+|process_time|real_time)", "", name)


def slow(name):
    """What a smoke test leaves out."""
    if "question/" in name:
        many_held, large_and_much = r"/\d+/\d+/3$", r"/(52428800|268435456)/((10+|\d{5,})/\d+|\d+/10)$"
        memory_of_some_pages = r"^memory.*/10+/\d+$"
        return re.search(f"{many_held}|{large_and_much}|{memory_of_some_pages}", plain(name))
    return re.search(r"/(268435456|30000|100000)\b", name)


def wanted(name, chosen):
    """--question is for looking at large streams, too."""
    if not chosen.short:
        return True
    return not slow(name) and (chosen.question or not re.search(r"question/.*/268435456\b", name))


def all_groups(build, chosen):
    started = time.monotonic()
    programs = [name for name in PROGRAMS if re.search(chosen.peers, name)]
    there = {"cpython": True, BEFORE: chosen.before is not None}
    present = [name for name in programs if there.get(name, (build / name).exists())]
    raw = Raw(
        {},
        [name for name in programs if name not in present and name != BEFORE],
        set(),
        defaultdict(lambda: defaultdict(list)),
        0,
        0,
    )
    names = listed(build)
    for group in GROUPS:
        if not re.search(chosen.only, group.name):
            continue
        here = [name for name in names if re.search(group.pattern, name) and wanted(name, chosen)]
        patterns = [f"^{name}$" for name in here] if group.alone else [f"^({'|'.join(here)})$"]
        passes = min(group.passes, chosen.passes)
        raw.passes = max(raw.passes, passes)
        for turn in range(passes):
            print(f"bench: {group.name} {turn + 1}/{passes}, {time.monotonic() - started:.0f} s", flush=True)
            for pattern in patterns:
                for program in random.sample(present, len(present)):
                    collect(raw, program, group, run(build, program, group, pattern, chosen))
    raw.seconds = round(time.monotonic() - started)
    raw.peers = in_order(present, raw.peers)
    raw.samples = {
        name: in_order(present, raw.samples[name]) for name in map(plain, names) if name in raw.samples
    }
    return raw


def in_order(keys, found):
    return {key: found[key] for key in keys if key in found}


def collect(raw, program, group, report):
    context = report["context"]
    if "peer" in context:
        name = context["peer"] + (", before" if program == BEFORE else "")
        raw.peers[program] = {"name": name, "version": context["peer_version"]}
    for entry in report["benchmarks"]:
        if entry["run_type"] != "iteration":
            continue
        if entry.get("error_occurred"):
            raise SystemExit(f"{program}: {entry['name']}: {entry['error_message']}")
        if group.one_thread and entry["threads"] != 1:
            raw.threaded.add(program)
        sample = {"ns": entry[group.time] / entry["operations"]}
        sample.update({key: entry[key] for key in ("held", "peak") if key in entry})
        raw.samples[plain(entry["name"])][program].append(sample)
