#!/usr/bin/env python3
"""Builds every example against a library, runs it and checks what it prints and leaves behind.

    check.py --include include --libdir target/release --out build/examples
    check.py ... --demo [--container build/demo/sources.tar] [FILE...]

With --demo the outputs are shown as they are, the memory table included, and the tar example packs the given files.
A language whose compiler is absent is skipped and said so; where CI is set in the environment that is a failure.
Every path comes in through the arguments; nothing is written outside --out, --cache and --container.
"""

import argparse
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is to appear among the sources

import check_figures
import check_pages
import check_tar
import check_upload
from check_run import Report, output_of, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
HELLO = "size=?? hello, bytes\nsize=13 hello, bytes\n"
HELLO_ELSEWHERE = "before: size=?? hello, bytes\nafter:  size=13 Hello, bytes\n"

KIB, MIB = 1024, 1024 * 1024
PAYLOAD = 50 * MIB


class Runner:
    def __init__(self, args):
        self.args = args
        self.report = Report()
        self.out = args.out.resolve()
        self.bin = self.out / "bin"
        self.lib = self.out / "lib"
        self.cache = (args.cache or args.out / "cache").resolve()
        for folder in (self.bin, self.cache):
            folder.mkdir(parents=True, exist_ok=True)
        self.include = ["-I", args.include.resolve()]
        self.place_library()
        self.link = ["-L", self.lib, "-lbytesio", f"-Wl,-rpath,{self.lib}"]

    def place_library(self):
        """Links that give the library the two names it goes by when installed: the linker's and the loader's."""
        header = (self.args.include / "bytesio.h").read_text()
        major = re.search(r"#define BYTESIO_VERSION_MAJOR (\d+)", header).group(1)
        shutil.rmtree(self.lib, ignore_errors=True)
        self.lib.mkdir()
        library = self.args.libdir.resolve() / "libbytesio.so"
        for name in ("libbytesio.so", f"libbytesio.so.{major}"):
            (self.lib / name).symlink_to(library)

    # ---- building -------------------------------------------------------------------------------------------

    def build(self, name, command, **options):
        result = run(command, **options)
        return self.report.check(f"{name} builds", result.returncode == 0, output_of(result))

    def build_c(self, name, sources, std="c11", compiler="cc", extra=()):
        sources = [HERE / source for source in sources]
        flags = [f"-std={std}", "-O2", *WARNINGS, *self.include]
        if self.args.clang and compiler == "cc":
            for source in sources:
                result = run([*self.args.clang, *flags, "-c", source, "-o", self.out / "clang.o"])
                self.report.check(f"{source.name} is clean under clang", result.returncode == 0, output_of(result))
        command = [*getattr(self.args, compiler), *flags, *sources, *extra, "-o", self.bin / name, *self.link]
        return self.build(name, command)

    def packages(self, name, packages):
        """Options for libraries that pkg-config knows; None, and a skip, where one is missing."""
        if not packages:
            return []
        found = run([*self.args.pkg_config, "--cflags", "--libs", *packages]) if self.args.pkg_config else None
        if found is None or found.returncode != 0:
            return self.report.skip(name, f"pkg-config finds no {' '.join(packages)} (tools/system-packages)")
        return shlex.split(found.stdout)

    # ---- running --------------------------------------------------------------------------------------------

    def program(self, name, *arguments):
        return [*self.args.wrap, self.bin / name, *arguments]

    def show(self, title, text):
        if self.args.demo:
            print(f"\n== {title}\n\n{text}", flush=True)

    def prints(self, name, command, expected):
        result = run(command)
        self.show(name, result.stdout)
        self.report.check(
            f"{name} prints what it should", result.returncode == 0 and result.stdout == expected, output_of(result)
        )

    def hello(self):
        source = (HERE / "hello.c").read_text()
        readme = re.search(r"^```c\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
        self.report.check("the README's first C block is hello.c", readme and readme.group(1) == source)
        if self.build_c("hello", ["hello.c"]):
            self.prints("hello.c", self.program("hello"), HELLO)

    def cpp(self):
        if self.build_c("hello-cpp", ["cpp/hello.cpp"], std="c++17", compiler="cxx"):
            self.prints("cpp/hello.cpp", self.program("hello-cpp"), HELLO_ELSEWHERE)

    def go(self):
        if not self.args.go:
            return self.report.skip("go", "there is no Go compiler")
        link = [f"-L{self.lib}", f"-Wl,-rpath,{self.lib}"]
        environment = {
            **os.environ,
            "CGO_ENABLED": "1",
            "CC": shlex.join(self.args.cc),
            "CGO_CFLAGS": " ".join(["-O2", shlex.quote(f"-I{self.include[1]}")]),
            "CGO_LDFLAGS": shlex.join(link),
            "GOCACHE": str(self.cache / "go"),
            "GOPATH": str(self.cache / "gopath"),
            "GOENV": "off",
            "GOFLAGS": "",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
        }
        command = [*self.args.go, "build", "-buildvcs=false", "-o", self.bin / "hello-go", "."]
        if self.build("hello-go", command, cwd=HERE / "go", env=environment):
            self.prints("go/main.go", [self.bin / "hello-go"], HELLO_ELSEWHERE)

    def zig(self):
        if not self.args.zig:
            return self.report.skip("zig", "there is no Zig compiler")
        environment = {
            **os.environ,
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache / "zig"),
            "ZIG_LOCAL_CACHE_DIR": str(self.cache / "zig-local"),
        }
        translated = run(
            [*self.args.zig, "translate-c", "-lc", *self.include, self.args.include.resolve() / "bytesio.h"],
            env=environment,
        )
        if not self.report.check("zig translates the header", translated.returncode == 0, output_of(translated)):
            return None
        module = self.out / "bytesio.zig"
        module.write_text(translated.stdout)
        command = [*self.args.zig, "build-exe", "--dep", "bytesio", f"-Mroot={HERE / 'zig' / 'hello.zig'}"]
        command += [f"-Mbytesio={module}", "-lc", "-L", self.lib, "-lbytesio", "-rpath", self.lib]
        command += [f"-femit-bin={self.bin / 'hello-zig'}"]
        if self.build("hello-zig", command, env=environment):
            self.prints("zig/hello.zig", [self.bin / "hello-zig"], HELLO_ELSEWHERE)
        return None

    # ---- memory ---------------------------------------------------------------------------------------------

    def memory(self):
        if not self.build_c("memory", ["memory.c", "memory_support.c"]):
            return
        environment = {**os.environ}
        environment.pop("BYTESIO_MAPPED_FROM", None)  # the second table is of the defaults
        result = run([self.bin / "memory", "9" if self.args.demo else "3"], env=environment)
        self.show("memory.c", result.stdout)
        if not self.report.check("memory runs", result.returncode == 0, output_of(result)):
            return
        size = r"(\S+ M?i?B)"
        self.memory_table("memory, counted", result.stdout, rf"{size} +(\d+) +{size}", COUNTED_RULES)
        if re.search(r"^write 50 chunks.* heap ", result.stdout, re.MULTILINE):
            self.report.skip("memory, mapped", "the system gives no memfd")
        else:
            self.memory_table("memory, mapped", result.stdout, rf"{size} +(\w+)", LIBRARY_RULES)

    def memory_table(self, title, text, columns, rules):
        """Every row between the operation's name and its time is what its rule says."""
        rows = {}
        for line in text.splitlines():
            row = re.fullmatch(rf"(\S.*?)  +{columns} +\S+ [mu]s", line)
            if row:
                rows[row.group(1)] = [parse(cell) for cell in row.groups()[1:]]
        self.report.check(f"{title}: every row has a rule, every rule a row", rows.keys() == rules.keys(),
                          f"{rows.keys() ^ rules.keys()}")
        for name, row in rows.items():
            rule = rules.get(name)
            if rule:
                self.report.check(f"{title}: {name}", rule(*row), f"{row}")

    def run_all(self):
        self.hello()
        self.cpp()
        self.go()
        self.zig()
        self.memory()
        check_tar.check(self)
        check_upload.check(self)
        if not self.args.demo:
            check_pages.check(self)
            check_figures.check(self)
        return self.report.close()


# What each line of the first memory table may allocate (bytes, calls) and copy.
def handle_only(allocated, calls, copied):
    return allocated < KIB and calls <= 2 and copied == 0


def nothing(allocated, calls, copied):
    return allocated == 0 and calls == 0 and copied == 0


def one_copy(allocated, calls, copied):
    return abs(copied - PAYLOAD) <= 0.01 * MIB and PAYLOAD - 0.01 * MIB <= allocated <= 2 * PAYLOAD + MIB


COUNTED_RULES = {
    "write 50 chunks of 1 MiB": lambda allocated, calls, copied: PAYLOAD <= allocated,
    "read all into a new buffer of the caller": lambda *row: one_copy(*row) and row[1] == 1,
    "read all as a snapshot": handle_only,
    "getvalue": handle_only,
    "getvalue again, nothing changed": nothing,
    "getbuffer, read-only": handle_only,
    "getbuffer, writable": handle_only,
    "getbuffer, read-only, after getvalue": handle_only,
    "getbuffer, writable, after getvalue": one_copy,
    "append 1 MiB after getvalue": handle_only,
    "append 1 MiB after getvalue, no room left": one_copy,
    "overwrite 1 byte after getvalue": one_copy,
    "overwrite 1 byte, snapshot dropped": nothing,
    "getvalue with a live read-only view": handle_only,
    "getvalue with a live writable view": one_copy,
    "getvalue again with that view, unchanged": nothing,
}


# What each line of the second one may copy, and the kind of block after it.
def pages(least, most):
    return lambda copied, kind: kind == "mapped" and least * 4 * KIB <= copied <= most * 4 * KIB + 0.01 * MIB


no_pages = pages(0, 0)
every_page = pages(PAYLOAD // 4096, PAYLOAD // 4096)

LIBRARY_RULES = {
    "write 50 chunks of 1 MiB": lambda copied, kind: kind == "mapped" and copied <= PAYLOAD,
    "getvalue": no_pages,
    "append 1 MiB after getvalue": no_pages,
    "append 1 MiB after getvalue, no room left": no_pages,
    "overwrite 1 byte after getvalue": no_pages,
    "the same, round 21, older snapshots dropped": no_pages,
    "the same, round 21, older snapshots kept": pages(1, 20),
    "overwrite every page after getvalue": no_pages,
    "the same, round 21": every_page,
    "getbuffer, writable, after getvalue": no_pages,
    "getvalue with a live writable view": every_page,
    "getvalue again with that view, unchanged": no_pages,
    "the same, round 21, 1 page changed each": pages(1, 4),
}


def parse(cell):
    """A size in bytes, a number, or a word."""
    size = re.fullmatch(r"(\S+) (B|MiB)", cell)
    if size:
        return round(float(size.group(1)) * {"B": 1, "MiB": MIB}[size.group(2)])
    return int(cell) if cell.isdecimal() else cell


def tool(name):
    """A command line that works from every folder; empty when there is no such program."""
    words = shlex.split(name)
    program = shutil.which(words[0]) if words else None
    return [os.path.abspath(program), *words[1:]] if program else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--include", type=Path, required=True, help="folder of bytesio.h")
    parser.add_argument("--libdir", type=Path, required=True, help="folder of libbytesio.so")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything that is built")
    parser.add_argument("--cache", type=Path, help="folder for the caches of Go and Zig (default: below --out)")
    parser.add_argument("--cc", type=tool, default="cc", help="C compiler")
    parser.add_argument("--cxx", type=tool, default="c++", help="C++ compiler")
    parser.add_argument("--clang", type=tool, default="", help="a second C compiler that must find nothing to say")
    parser.add_argument("--go", type=tool, default="go", help="Go command")
    parser.add_argument("--zig", type=tool, default="zig", help="Zig command")
    parser.add_argument("--pkg-config", type=tool, default="pkg-config", help="what finds other libraries")
    parser.add_argument("--wrap", type=shlex.split, default="", help="command in front of C programs, say valgrind -q")
    parser.add_argument("--demo", action="store_true", help="show the outputs, on real input")
    parser.add_argument("--container", type=Path, help="where --demo leaves its archive")
    parser.add_argument("files", nargs="*", metavar="FILE", help="what --demo packs (default: the project's sources)")
    args = parser.parse_args()
    for name in ("cc", "cxx"):
        if not getattr(args, name):
            parser.error(f"--{name}: no such compiler")
    return Runner(args).run_all()


if __name__ == "__main__":
    sys.exit(main())
