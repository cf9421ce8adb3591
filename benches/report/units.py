"""Numbers as a reader wants them."""


def rounded(number):
    """Three digits, no exponent."""
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.1f}" if number >= 9.95 else f"{number:.2f}"


def time(nanoseconds):
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= factor:
            return f"{rounded(nanoseconds / factor)} {unit}"
    return f"{rounded(nanoseconds)} ns"


def size(number):
    for factor, unit in ((2**20, "MiB"), (2**10, "KiB")):
        if number >= factor and number % factor == 0:
            return f"{number // factor} {unit}"
    return f"{number} B"


def around(entry):
    """How far the middle half of the samples lies from the median, in per cent."""
    return f"±{50 * (entry['q3'] - entry['q1']) / entry['median']:.0f} %" if entry["median"] else ""


def with_spread(entry):
    return f"{time(entry['median'])} {around(entry)}"


def ratio(number):
    if number < 0.0001:
        return "< 0.0001"
    return f"{number:,.{4 if number < 0.01 else 3 if number < 0.1 else 2 if number < 100 else 0}f}"
