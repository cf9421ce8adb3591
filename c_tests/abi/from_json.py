#!/usr/bin/env python3
"""Prints C, which is C++ too, that compiles only if the header declares what the ABI's data says."""

import json
import sys


def signature(name, what):
    """A pointer to a function, as a declaration of `name`."""
    result = what["result"]["type"] if isinstance(what["result"], dict) else what["result"]
    types = [parameter["type"] for parameter in what["parameters"]] + ["..."] * what.get("variadic", False)
    return f"{result} (*{name})({', '.join(types) or 'void'})"


def constant(it):
    yield f"check_that({it['name']} == {it['value']});"
    if isinstance(it["value"], str):
        yield f"check_that((({it['type']})-1) == {it['name']});"


def struct(it):
    name = it["name"]
    yield f"check_that(sizeof({name}) == {it['size']});"
    yield f"struct align_{name} {{ char c; {name} s; }};"
    yield f"check_that(offsetof(struct align_{name}, s) == {it['align']});"
    for field in it["fields"]:
        yield f"check_that(offsetof({name}, {field['name']}) == {field['offset']});"
        yield f"check_that(sizeof((({name} *)0)->{field['name']}) == {field['size']});"
    yield f"void fields_{name}({name} *s)"
    yield "{"
    for field in it["fields"]:
        yield f"    {field['type']} *{field['name']} = &s->{field['name']};"
        yield f"    (void){field['name']};"
    yield "}"


def same_type(name, declaration):
    """Two pointers to the type, which must be of one type."""
    yield f"void type_{name}({name} *ours)"
    yield "{"
    yield f"    {declaration} = ours;"
    yield "    (void)theirs;"
    yield "}"


def function(it):
    lines = [f"void function_{it['name']}(void)", "{", f"    {signature('theirs', it)} = {it['name']};",
             "    (void)theirs;", "}"]
    if it["linkage"] == "inline":
        lines = ["#ifndef BYTESIO_NO_INLINE", *lines, "#endif"]
    yield from lines


def program(abi):
    yield '#include "bytesio.h"'
    yield "#ifdef __cplusplus"
    yield "#define check_that(...) static_assert(__VA_ARGS__, #__VA_ARGS__)"
    yield "#else"
    yield "#define check_that(...) _Static_assert(__VA_ARGS__, #__VA_ARGS__)"
    yield "#endif"
    yield f"check_that(sizeof(void *) * 8 == {abi['pointer_width']});"
    yield f"check_that(sizeof(BYTESIO_VERSION) == sizeof(\"{abi['version']}\"));"
    major, minor, patch = abi["version"].split(".")
    yield f"check_that(BYTESIO_VERSION_NUMBER == (({major} << 16) | ({minor} << 8) | {patch}));"
    for it in abi["constants"]:
        yield from constant(it)
    for it in abi["handles"]:
        yield from same_type(it["name"], f"struct {it['name']} *theirs")
    for it in abi["aliases"]:
        yield from same_type(it["name"], f"{it['type']} *theirs")
    for it in abi["callbacks"]:
        yield from same_type(it["name"], signature("*theirs", it))
    for it in abi["structs"]:
        yield from struct(it)
    for it in abi["functions"]:
        yield from function(it)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    print("\n".join(program(data)))
