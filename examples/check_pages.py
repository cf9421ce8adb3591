"""The pages: what they show compiles and prints what they say, and the names, links and statuses in them exist.

A ```c or ```cpp block with a main() is a program: it is run, and prints the ```text block that follows it, if one does.
A block with a brace at the beginning of a line is compiled as it stands, any other one as a function's body. There it
may use what GIVEN declares, and what a comment on the line before the block does: <!-- given: TYPE NAME, ... -->.
Where it includes an adapter, the library that this is for is found through pkg-config.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from check_run import output_of, run

ROOT = Path(__file__).resolve().parent.parent
GIVEN = "bio_stream *stream, bio_snapshot *snapshot, bio_view *view, bio_status status"
LANGUAGES = {"c": ("cc", "c11", "c"), "cpp": ("cxx", "c++11", "cpp")}
OPTIONS = ["-D_POSIX_C_SOURCE=200809L", "-O1", "-Wall", "-Wextra", "-Werror"]
FRAGMENT = ["-Wno-unused", "-Wno-unused-parameter", "-c"]
CONSUMERS = ROOT / "c_tests" / "consumers" / "CMakeLists.txt"


@dataclass
class Block:
    page: str
    line: int  # of its first line of code
    language: str
    text: str
    given: str
    output: str | None = None  # of the ```text block behind it

    @property
    def name(self):
        return f"{self.page}:{self.line}"


def pages():
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks_of(page):
    """The fenced blocks of a page in C and C++, each with the output that the page gives for it."""
    found, inside, given = [], None, ""
    for number, line in enumerate(page.read_text().splitlines(keepends=True), 1):
        fence = re.match(r"```(\w*)", line)
        if inside and fence:
            if inside.language == "text" and found and found[-1].output is None:
                found[-1].output = inside.text
            elif inside.language in LANGUAGES:
                found.append(inside)
            inside = None
        elif inside:
            inside.text += line
        elif fence:
            inside = Block(str(page.relative_to(ROOT)), number + 1, fence.group(1), "", given)
        comment = re.match(r"<!-- given: (.*) -->", line)
        given = comment.group(1) if comment else ""
    return found


def source_of(block):
    """The block as a file that a compiler takes; messages name the page and its line."""
    place = f'#line {block.line} "{block.page}"\n'
    if is_program(block) or re.search(r"^\{", block.text, re.MULTILINE):
        return place + block.text
    # Blank lines stand for the includes, so that the numbers of the others stay.
    includes = "".join(line for line in block.text.splitlines(keepends=True) if line.startswith("#include"))
    body = re.sub(r"^#include.*", "", block.text, flags=re.MULTILINE)
    given = ", ".join(filter(None, [GIVEN, block.given]))
    return f"{includes}#include <bytesio.h>\nint page({given})\n{{{{\n{place}{body}}}\nreturn 0;\n}}\n"


def is_program(block):
    return re.search(r"\bmain\(", block.text) is not None


def modules():
    """What pkg-config calls the library of each adapter, as the adapters' own tests have it."""
    listed = re.findall(r"^bytesio_consumer\((\w+) PKG ([^)]+)\)", CONSUMERS.read_text(), re.MULTILINE)
    return {name: packages.split() for name, packages in listed}


def check(runner):
    known = modules()
    for page in pages():
        for block in blocks_of(page):
            compile_block(runner, block, known)
        links(runner, page)
        names(runner, page)
    statuses(runner, ROOT / "docs" / "guide.md")
    adapters(runner, known)


def compile_block(runner, block, known):
    used = re.findall(r'#include [<"]bytesio/(\w+)\.h[>"]', block.text)
    flags = runner.packages(block.name, [package for name in used for package in known.get(name, [])])
    if flags is None:
        return
    compiler, standard, ending = LANGUAGES[block.language]
    stem = re.sub(r"\W", "-", block.name)
    source, program = runner.out / f"{stem}.{ending}", runner.bin / stem
    source.write_text(source_of(block))
    command = [*getattr(runner.args, compiler), f"-std={standard}", *OPTIONS, *runner.include, source]
    if not is_program(block):
        runner.build(block.name, [*command, *FRAGMENT, *flags, "-o", f"{program}.o"])
    elif runner.build(block.name, [*command, *flags, "-pthread", "-o", program, *runner.link]):
        expected = block.output if block.output is not None else ""
        runner.prints(block.name, runner.program(stem), expected)


def headings(page):
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(runner, page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        elsewhere = re.match(r"\w+:", target)
        if not elsewhere and not (file.exists() and (not anchor or anchor in headings(file))):
            broken.append(target)
    runner.report.check(f"{page.name}: every link leads somewhere", not broken, " ".join(broken))


def names(runner, page):
    """What looks like a name of ours is one; with * or _ behind it, the beginning of one."""
    headers = "".join(path.read_text() for path in sorted(runner.args.include.rglob("*.h")))
    known = set(re.findall(r"\b(?:bio|BYTESIO)_\w+", headers))
    unknown = set()
    for name, more in re.findall(r"\b((?:bio|BYTESIO)_\w+)(\*?)", page.read_text()):
        begins = any(candidate.startswith(name) for candidate in known)
        if name not in known and not (begins and (more or name.endswith("_"))):
            unknown.add(name)
    runner.report.check(f"{page.name}: every name is in a header", not unknown, " ".join(sorted(unknown)))


def statuses(runner, page):
    """The table has every status that the header has, with the library's own text and errno."""
    rows = re.findall(r"^\| `(BYTESIO_\w+)` \| ([^|]+) \| `?(\w+)`? \|", page.read_text(), re.MULTILINE)
    header = (runner.args.include / "bytesio.h").read_text()
    wanted = set(re.findall(r"^#define (BYTESIO_\w+) \(-\d+\)$", header, re.MULTILINE)) | {"BYTESIO_OK"}
    listed = [name for name, _, _ in rows]
    runner.report.check(f"{page.name}: every status has its row", sorted(listed) == sorted(wanted),
                        f"{set(listed) ^ wanted}")
    tests = "".join(
        f'    if (strcmp(bio_strerror({name}), "{text}") != 0 || bio_status_errno({name}) != {number})\n'
        f'        printf("{name}: %s, errno %d\\n", bio_strerror({name}), (int)bio_status_errno({name}));\n'
        for name, text, number in rows
    )
    source = runner.out / "statuses.c"
    includes = "".join(f"#include <{name}.h>\n" for name in ("bytesio", "errno", "string"))
    source.write_text(f"{includes}int main(void)\n{{\n{tests}}}\n")
    command = [*runner.args.cc, "-std=c11", *OPTIONS, *runner.include, source, *runner.link]
    if runner.build("the table of statuses", [*command, "-o", runner.bin / "statuses"]):
        runner.prints("the table of statuses", runner.program("statuses"), "")


def adapters(runner, known):
    """Each adapter stands in both pages' tables, and nothing else does."""
    for page in (ROOT / "README.md", ROOT / "docs" / "integrating.md"):
        rows = re.findall(r"^\|.*", page.read_text(), re.MULTILINE)
        listed = set(re.findall(r"`bytesio/(\w+)\.h`", "".join(rows)))
        runner.report.check(f"{page.name}: the table has every adapter", listed == set(known), f"{listed ^ set(known)}")
