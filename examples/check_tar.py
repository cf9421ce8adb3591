"""The tar example: what it packs must come out of other people's tools, and what it refuses must leave no trace."""

import os
import resource
import shutil
import signal
import tarfile
from pathlib import Path

from check_run import output_of, run

ROOT = Path(__file__).resolve().parent.parent


def check(runner):
    if not runner.build_c("tar", ["tar/main.c", "tar/tar_format.c", "tar/tar_check.c"], extra=["-pthread"]):
        return
    if runner.args.demo:
        demo(runner)
        return
    folder = runner.out / "input"
    shutil.rmtree(folder, ignore_errors=True)
    packs(runner, folder)
    refuses(runner, folder)


def pack(runner, archive, names, cwd, **options):
    return run(runner.program("tar", archive, *names), cwd=cwd, **options)


def packs(runner, folder):
    names = make_inputs(folder)
    archive = runner.out / "checked.tar"
    archive.unlink(missing_ok=True)
    result = pack(runner, archive, names, folder)
    size = sum(512 + (len((folder / name).read_bytes()) + 511) // 512 * 512 for name in names) + 1024
    # One snapshot after each member and one of the whole.
    expected = (
        f"{archive}: {len(names)} members, {size} bytes; "
        f"{len(names) + 1} snapshots checked, 0 bytes copied for them\n"
    )
    said = result.returncode == 0 and result.stdout == expected
    runner.report.check("tar says what it did", said, f"{output_of(result)}wanted: {expected}")
    if result.returncode == 0:
        runner.report.check("tar's archive has the size it says", archive.stat().st_size == size)
        accepted(runner, archive, names, folder)


def accepted(runner, archive, names, cwd):
    """Foreign tools must list, read and unpack the very bytes that went in."""
    check = runner.report.check
    inputs = [(Path(cwd) / name).read_bytes() for name in names]
    stored = [name.lstrip("/") for name in names]
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        contents = [opened.extractfile(member).read() for member in members]
    check("tar: Python's tarfile reads the same names", [member.name for member in members] == stored)
    check("tar: Python's tarfile reads the same bytes", contents == inputs)

    listed = run(["tar", "-tvf", archive])
    runner.show(f"tar -tvf {archive.name}", listed.stdout)
    complete = listed.returncode == 0 and not listed.stderr and len(listed.stdout.splitlines()) == len(names)
    check("tar: tar lists every member", complete, output_of(listed))

    target = runner.out / "unpacked"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    unpacked = run(["tar", "-xf", archive, "-C", target])
    same = unpacked.returncode == 0 and [(target / name).read_bytes() for name in stored] == inputs
    check("tar: tar unpacks the same bytes", same, output_of(unpacked))


def refuses(runner, folder):
    """Nothing is written, nothing is replaced, and the file at fault is named."""
    archive = runner.out / "refused.tar"
    part = runner.out / "refused.tar.part"
    archive.write_bytes(b"as before")

    def refused(title, result, complaint, code=1):
        untouched = archive.read_bytes() == b"as before" and not part.exists()
        told = result.returncode == code and result.stderr == complaint and not result.stdout
        runner.report.check(f"tar refuses {title}", told and untouched, f"{output_of(result)}{untouched=}")

    for title, names, complaint in make_bad_inputs(folder):
        refused(title, pack(runner, archive, names, folder), f"tar: {names[-1]}: {complaint}\n")

    full = pack(runner, archive, ["large"], folder, preexec_fn=limit_file_size)
    refused("a full disk", full, f"tar: {part}: File too large\n")
    nowhere = runner.out / "no-such-folder" / "a.tar"
    elsewhere = pack(runner, nowhere, ["empty"], folder)
    refused("a target in no folder", elsewhere, f"tar: {nowhere}.part: No such file or directory\n")
    refused("to pack nothing", run(runner.program("tar", archive)), "usage: tar ARCHIVE FILE...\n", code=2)


def demo(runner):
    names, cwd = (runner.args.files, Path.cwd()) if runner.args.files else (sources(), ROOT)
    archive = (runner.args.container or runner.out / "sources.tar").resolve()
    archive.parent.mkdir(parents=True, exist_ok=True)
    result = pack(runner, archive, names, cwd)
    runner.show("tar/main.c", result.stdout)
    if runner.report.check("tar packs real files", result.returncode == 0, output_of(result)):
        accepted(runner, archive, names, cwd)


def make_inputs(folder):
    """Files whose sizes and names lie on the edges of the format; returns the names."""
    contents = {
        "empty": b"",
        "one": b"1",
        "block": bytes(range(256)) * 2,
        "block-and-one": b"\0" * 513,
        "zeros": b"\0" * 4096,
        "lines.txt": b"one\r\ntwo\n\nthree",
        "with space \u00e9": b"name in UTF-8",
        "folder/deeper/file": b"in folders",
        "two..dots": b"not a way out",
        "n" * 100: b"the longest plain name",
        "p" * 50 + "/" + "n" * 99: b"cut at the slash",
        "p" * 155 + "/" + "n" * 100: b"prefix and name both full",
        "large": bytes((i * i >> 7) & 255 for i in range(65536)) * 48,
    }
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    # Many members, so that the checking thread and the writer meet.
    many = [f"many/{i:03}" for i in range(300)]
    (folder / "many").mkdir()
    for i, name in enumerate(many):
        (folder / name).write_bytes(b"%d\n" % i * (i * 7))
    return [*contents, *many]


def make_bad_inputs(folder):
    """What has no place in an archive, with the reason given; the last name is the one at fault."""
    too_long = "x" * 101
    too_deep = "/".join(["d" * 80] * 3) + "/f"
    (folder / too_long).write_bytes(b"")
    (folder / too_deep).parent.mkdir(parents=True)
    (folder / too_deep).write_bytes(b"")
    os.mkfifo(folder / "fifo")
    return [
        ("a missing file", ["empty", "missing"], "No such file or directory"),
        ("a folder", ["empty", "folder"], "not a regular file"),
        ("a FIFO", ["empty", "fifo"], "not a regular file"),
        ("a name too long", [too_long], "name too long for a ustar header"),
        ("a prefix too long", [too_deep], "name too long for a ustar header"),
        ("a name that climbs", ["folder/../empty"], "name leads out of the archive (..)"),
    ]


def sources():
    """The project's own sources, as names below its root."""
    paths = [ROOT / "README.md"]
    for folder in ("include", "src", "examples"):
        found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
        paths += sorted(found)
    return [str(path.relative_to(ROOT)) for path in paths]


def limit_file_size():
    """As good as a full disk: a write past the limit fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
