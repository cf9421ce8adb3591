#!/usr/bin/env python3
"""Prints a header that wraps each of the library's functions, so that the tests know which one is running."""

import json
import sys


def wrapper(function):
    name, result = function["name"], function["result"]["type"]
    if function["variadic"]:
        # Inline in the header, over a function that has a status as its result too.
        yield f"#define {name}(...) (calls_back_enter(CALL_{name}), calls_back_left({name}(__VA_ARGS__)))"
        return
    parameters = ", ".join(f"{p['type']} {p['name']}" for p in function["parameters"]) or "void"
    call = f"{name}({', '.join(p['name'] for p in function['parameters'])})"
    must_use = "BYTESIO_NODISCARD " if function["must_use"] else ""
    yield f"{must_use}static inline {result} checked_{name}({parameters})"
    yield "{"
    yield f"    const int outer = calls_back_enter(CALL_{name});"
    yield f"    {call};" if result == "void" else f"    {result} returned = {call};"
    yield "    calls_back_leave(outer);"
    if result != "void":
        yield "    return returned;"
    yield "}"
    yield f"#define {name} checked_{name}"


def header(functions):
    bits = {"never": "0", "allocator": "CALLS_ALLOCATOR", "release": "CALLS_RELEASE"}
    yield "enum {"
    for function in functions:
        yield f"    CALL_{function['name']},"
    yield "    CALL_COUNT"
    yield "};"
    yield "/* X(name, what the function may run) for each. */"
    yield "#define CALLS_BACK_TABLE(X) \\"
    for function in functions:
        yield f"    X({function['name']}, {' | '.join(bits[word] for word in function['calls_back'])}) \\"
    yield ""
    for function in functions:
        yield from wrapper(function)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        abi = json.load(file)
    print("\n".join(header(abi["functions"])))
