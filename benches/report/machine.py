"""Where and when: the processor, the system and the library, without anybody's names."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path


def first(pattern, path):
    try:
        found = re.search(pattern, Path(path).read_text(), re.M)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def revision(root):
    """The last commit that changed the library, and whether its sources have changed since."""
    git = lambda *words: subprocess.run(
        ["git", "-C", str(root), *words, "--", "src", "Cargo.toml", "Cargo.lock"],
        text=True,
        capture_output=True,
        check=False,
    ).stdout.strip()
    commit = git("log", "-1", "--format=%h")
    return f"{commit or 'none'}, changed since" if git("status", "--porcelain") else commit


def describe(root):
    memory = int(first(r"^MemTotal:\s*(\d+)", "/proc/meminfo") or 0)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": first(r"^model name\s*:\s*(.*)", "/proc/cpuinfo") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**20),
        "kernel": re.match(r"[\d.]*\d", platform.release())[0],
        "system": first(r'^PRETTY_NAME="?([^"\n]*)', "/etc/os-release"),
        "huge_pages": first(r"\[(\w+)\]", "/sys/kernel/mm/transparent_hugepage/enabled"),
        "virtual": bool(re.search(r"^flags.*\bhypervisor\b", Path("/proc/cpuinfo").read_text(), re.M)),
        "revision": revision(root),
    }
