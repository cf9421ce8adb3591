#!/usr/bin/env python3
"""Holds the names of the header, of the libraries and of the ABI's data against each other."""

import argparse
import json
import re
import subprocess
import sys

# OpenSSL's libcrypto has these as globals: in a static link they would be ours or theirs by chance.
LIBCRYPTO = {"bio_cleanup", "bio_free_ex_data", "bio_lookup_lock", "bio_sock_cleanup_int", "bio_type_lock"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def own_lines(text, header):
    """The lines of preprocessed text that come from the header itself."""
    own = False
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            own = marker.group(1) == header
        elif own:
            yield line


def without_bodies(text):
    """C declarations with each {...} left out; a function's body becomes its end."""
    while True:
        text, count = re.subn(r"(\)?)\s*\{[^{}]*\}", lambda body: ");" if body.group(1) else " ", text)
        if not count:
            return text


def header_names(cc, header, *options):
    """Names by sort: macros with their values, tags, types, functions with and without a body here."""
    macros, code = {}, []
    for line in own_lines(run(cc, "-E", "-dD", *options, "-x", "c", header), header):
        macro = re.match(r"#\s*define\s+(\w+)\s*(.*)", line)
        if macro:
            macros[macro.group(1)] = macro.group(2)
        elif not line.startswith("#"):
            code.append(line)
    code = "\n".join(code)
    tags = set(re.findall(r"\b(?:struct|union|enum)\s+(\w+)", code))
    exported, inline, types = set(), set(), set()
    for statement in without_bodies(code).split(";"):
        statement = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", statement, flags=re.S).strip()
        if statement.startswith("typedef"):
            pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", statement)
            types.add(pointer.group(1) if pointer else statement.split()[-1])
        else:
            function = re.search(r"(\w+)\s*\(", statement)
            if function:
                (inline if re.search(r"\binline\b", statement) else exported).add(function.group(1))
    if re.search(r"\)\s*\{", code) and not inline:
        inline.add("a function that is not marked inline")
    return macros, tags, types, exported, inline


def numbers(macros):
    """The macros that stand for a number; the version has a place of its own in the data."""
    number = re.compile(r"\(?-?\d+\)?|UINT64_MAX|SIZE_MAX")
    return {name for name, value in macros.items() if number.fullmatch(value) and "_VERSION" not in name}


def data_names(path):
    """Constants, types, functions exported and inline."""
    with open(path, encoding="utf-8") as file:
        abi = json.load(file)

    def names(*sorts, **wanted):
        return {it["name"] for sort in sorts for it in abi[sort] if wanted.items() <= it.items()}

    return (names("constants"), names("handles", "aliases", "callbacks", "structs"),
            names("functions", linkage="exported"), names("functions", linkage="inline"))


def defined(*options):
    """Global names that ELF files define. Not by nm: a linker's LTO plugin may answer in its place, wrongly."""
    names = set()
    for line in run("readelf", "--wide", *options).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[4] in ("GLOBAL", "WEAK") and fields[5] == "DEFAULT" and fields[6] != "UND":
            names.add(fields[7].split("@")[0])
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cc", "header", "abi", "shared", "static"):
        parser.add_argument("--" + name, required=True)
    given = parser.parse_args()

    constants, data_types, listed, data_inline = data_names(given.abi)
    macros, tags, types, exported, inline = header_names(given.cc, given.header)
    _, _, bare_types, bare, bodies = header_names(given.cc, given.header, "-DBYTESIO_NO_INLINE")
    shared = defined("--dyn-syms", given.shared)
    static = {name for name in defined("--syms", given.static) if name.lower().startswith("bio")}

    complaints = []

    def same(what, got, want_what, want):
        for name in sorted(got - want):
            complaints.append(f"{name}: {what}, but not {want_what}")
        for name in sorted(want - got):
            complaints.append(f"{name}: {want_what}, but not {what}")

    def none(what, names):
        complaints.extend(f"{name}: {what}" for name in sorted(names))

    if not exported or not macros or not types:
        complaints.append("the header was not understood: no functions, macros or types found in it")
    same("declared in the header", exported, "in the ABI's data", listed)
    same("exported by the shared library", shared, "in the ABI's data", listed)
    same("global in the static library", static, "in the ABI's data", listed)
    same("inline in the header", inline, "in the ABI's data", data_inline)
    same("a type of the header", types, "in the ABI's data", data_types)
    same("a number in the header", numbers(macros), "in the ABI's data", constants)
    same("declared with BYTESIO_NO_INLINE", bare, "without it", exported)
    same("a type with BYTESIO_NO_INLINE", bare_types, "without it", types)
    none("has a body in spite of BYTESIO_NO_INLINE", bodies)
    none("a function without the prefix bio_", {n for n in exported | inline if not n.startswith("bio_")})
    none("a type without the prefix bio_", {n for n in types | tags if not n.startswith("bio_")})
    none("a macro without the prefix BYTESIO_", {n for n in macros if not n.startswith("BYTESIO_")})
    none("a global of libcrypto", LIBCRYPTO & (exported | inline | shared | static | types | tags))
    none("the tag that OpenSSL's BIO has", {"bio"} & tags)

    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(exported)} functions, {len(inline)} inline, {len(types)} types, {len(macros)} macros")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
