"""CPython's io.BytesIO, timed by timeit inside the interpreter; takes Google Benchmark's flags and writes its JSON.

What to run comes from a C++ program's list (first argument), the work itself from cpython_work.py.
"""

import argparse
import json
import math
import platform
import re
import subprocess
import sys
import threading
import time
import timeit
from pathlib import Path

from cpython_work import ITEMS, takes_part


def measure(name, min_time):
    once = "/iterations:1" in name
    words = name.split("/iterations")[0].split("/process_time")[0].split("/")
    parameters = [int(word) for word in words if word.isdigit()]
    item = "/".join(word for word in words if not word.isdigit())
    if not takes_part(item, parameters):
        return None
    work = ITEMS[item](*parameters)
    clock = time.perf_counter if item == "threads/publish" else time.process_time
    timer = timeit.Timer(work.run, work.prepare, clock)
    number = 1
    if not once:
        timer.timeit(1)
    while (spent := timer.timeit(number)) < min_time and not once and number < work.limit:
        number = min(
            work.limit, max(number + 1, min(10 * number, math.ceil(1.4 * min_time * number / spent)))
        )
    work.finish()
    return {
        "name": name,
        "run_type": "iteration",
        "iterations": number,
        "real_time": spent / number * 1e9,
        "cpu_time": spent / number * 1e9,
        "time_unit": "ns",
        "operations": work.operations,
        "threads": threading.active_count(),
        **(work.counters or {}),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lister", help="a program of the suite that does all work")
    parser.add_argument("--benchmark_filter", default=".")
    parser.add_argument("--benchmark_min_time", type=float, default=0.05)
    parser.add_argument("--benchmark_repetitions", type=int, default=1)
    parser.add_argument("--benchmark_out")
    options = parser.parse_args()
    names = subprocess.run(
        [options.lister, "--benchmark_list_tests"], check=True, text=True, stdout=subprocess.PIPE
    ).stdout
    results = []
    for name in names.split():
        if re.search(options.benchmark_filter, name):
            for _ in range(options.benchmark_repetitions):
                results.append(measure(name, options.benchmark_min_time))
    context = {"peer": "CPython io.BytesIO", "peer_version": "CPython " + platform.python_version()}
    text = json.dumps({"context": context, "benchmarks": [result for result in results if result]}, indent=1)
    Path(options.benchmark_out).write_text(text) if options.benchmark_out else print(text)


if __name__ == "__main__":
    sys.exit(main())
