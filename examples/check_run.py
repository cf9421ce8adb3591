"""Running a command and counting what passed: what check.py and its parts stand on."""

import os
import subprocess


def run(command, **options):
    """Runs to the end and returns the result with its output as text; never raises for an exit code."""
    options.setdefault("timeout", 600)
    words = [str(word) for word in command]
    return subprocess.run(
        words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options
    )


def output_of(result):
    return f"exit {result.returncode}\n{result.stdout}{result.stderr}"


class Report:
    """What passed, failed and was skipped; one line each, and a closing line with the counts."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, fact, detail=""):
        if fact:
            self.passed += 1
            print(f"ok    {name}")
        else:
            self.failed += 1
            print(f"FAIL  {name}" + (f"\n{detail}" if detail else ""))
        return bool(fact)

    def skip(self, name, why):
        if os.environ.get("CI"):
            self.check(name, False, f"{why}, and CI may skip nothing")
        else:
            self.skipped += 1
            print(f"skip  {name}: {why}")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0
