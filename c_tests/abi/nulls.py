#!/usr/bin/env python3
"""Prints a program that passes NULL for each pointer of each function, and expects what the ABI's data says."""

import json
import sys

PREAMBLE = """#include "bytesio.h"

#include <string.h>

static int failures;
static void expect(const char *what, bio_status status, int refused)
{
    if ((status == BYTESIO_NULL_ARG) == refused)
        return;
    fprintf(stderr, "%s gives %d\\n", what, (int)status);
    failures++;
}
"""
HANDLES = {
    "bio_stream": "bio_new()",
    "bio_snapshot": "snapshot_of_nothing()",
    "bio_view": "view_of_nothing()",
}
MAKERS = """
static bio_snapshot *snapshot_of_nothing(void)
{
    bio_snapshot *snapshot = NULL;
    return bio_snapshot_new(NULL, 0, &snapshot) == BYTESIO_OK ? snapshot : NULL;
}
static bio_view *view_of_nothing(void)
{
    bio_stream *stream = bio_new();
    bio_view *view = NULL;
    bio_status status = bio_getbuffer(stream, BYTESIO_VIEW_WRITABLE, &view);
    bio_release(stream);
    return status == BYTESIO_OK ? view : NULL;
}
"""


def handle(parameter, ends):
    """The handle that a parameter is, if it is one that is passed in."""
    name = parameter["type"].removeprefix("const ").removeprefix("struct ").removesuffix(" *")
    return name if name in ends and "*" in parameter["type"] else None


def case(function, null, length, refused, ends):
    """One call in which the parameter `null` is NULL and every other is something good."""
    yield "{"
    arguments, after = [], []
    for parameter in function["parameters"]:
        name, ctype = parameter["name"], parameter["type"]
        own = handle(parameter, ends)
        if parameter is null:
            arguments.append("NULL")
        elif "*" not in ctype:
            arguments.append("NULL" if "null" in parameter else str(length) if name == null.get("length") else "0")
        elif own:
            yield f"    {own} *{name} = {HANDLES[own]};"
            arguments.append(name)
            after.append(f"    {ends[own]}({name});")
        else:
            pointee = ctype.removesuffix("*").strip()
            if "*" not in pointee:
                pointee = pointee.removeprefix("const ").replace("void", "char")
            yield f"    {pointee} {name};"
            yield f"    memset(&{name}, 0, sizeof {name});"
            if pointee.removeprefix("struct ") in SIZED:
                yield f"    {name}.struct_size = sizeof {name};"
            arguments.append(f"&{name}")
            if parameter["ownership"] == "owned":
                after.append(f"    if ({name})\n        {parameter['ended_by']}({name});")
    call = f"{function['name']}({', '.join(arguments)})"
    if function["result"]["type"] == "bio_status":
        yield f"    expect(\"{function['name']}: {null['name']}, {length}\", {call}, {int(refused)});"
    else:
        yield f"    (void){call};"  # it has no way to refuse, and must not fall over
    yield from after
    yield "}"


SIZED = set()


def program(abi):
    ends = {it["name"]: it["ended_by"] for it in abi["handles"]}
    SIZED.update(it["name"] for it in abi["structs"] if it["fields"][0]["name"] == "struct_size")
    yield PREAMBLE + MAKERS
    yield "int main(void)"
    yield "{"
    for function in abi["functions"]:
        for parameter in function["parameters"]:
            null = parameter.get("null")
            if null is None or function["linkage"] != "exported":
                continue
            if null == "if_empty":
                yield from case(function, parameter, 1, True, ends)
            yield from case(function, parameter, 0, null == "refused", ends)
    yield "    return failures != 0;"
    yield "}"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    print("\n".join(program(data)))
