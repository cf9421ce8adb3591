"""The plots: this library in colour, its peers in greys that their line styles tell apart, the limit dotted."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

import units  # noqa: E402
from question import PAGE, size_text, work_name  # noqa: E402
from sections import QUESTION, ROUNDS  # noqa: E402
from stats import BEFORE, LIMIT, NEVER_MAPPED, OURS, Results  # noqa: E402

ACCENT = "#c2410c"
PALETTE = [
    "#1d4ed8",
    "#0f766e",
    "#7e22ce",
    "#65a30d",
    "#64748b",
    "#0891b2",
    "#be185d",
    "#1e293b",
    "#4f46e5",
    "#a3a3a3",
]
plt.rcParams.update(
    {
        "svg.hashsalt": "libbytesio",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "svg.fonttype": "none",
    }
)


def draw(stored, folder):
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(stored)
    for name, figure in (
        ("question", question(results)),
        ("log", log(results)),
        ("small-writes", small_writes(results)),
    ):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)


def style(program, turn):
    if program == OURS:
        return {"color": ACCENT, "linewidth": 2.4, "zorder": 5, "marker": "o", "markersize": 4}
    if program == LIMIT:
        return {"color": "black", "linestyle": ":", "linewidth": 1.5}
    return {
        "color": PALETTE[turn % len(PALETTE)],
        "linewidth": 1,
        "marker": ".",
        "linestyle": ("-", "--", "-.")[turn % 3],
    }


def curves(axes, results, name, parameters, programs, floor=None, whole=False):
    """name: of the work for a parameter; floor: that of the limit's, where it is another; whole: of so many rounds."""
    of = lambda each, program: results.value((floor if floor and program == LIMIT else name)(each), program)
    taking_part = [program for program in programs if of(parameters[0], program)]
    for turn, program in enumerate(taking_part):
        points = [(each, of(each, program)) for each in parameters]
        axes.plot(
            *zip(*((each, value * each if whole else value) for each, value in points if value is not None)),
            label="limit: warm copy" if floor and program == LIMIT else results.name(program),
            **style(program, turn),
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: time_tick(value)))


def legend(grid, distance):
    """One for all, of the plot that has most to name, to the right of the last."""
    handles, labels = max(
        (axes.get_legend_handles_labels() for axes in grid), key=lambda found: len(found[1])
    )
    if labels:
        grid[-1].legend(handles, labels, loc="center left", bbox_to_anchor=(distance, 0.5), frameon=False)


def time_tick(value):
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return ""


def question(results):
    panels = [
        ("overwrite", lambda size: 1, "1 page written"),
        ("overwrite", lambda size: size // PAGE, "every page written"),
        ("view", lambda size: 0, "a view, nothing changed"),
        ("view", lambda size: 1, "1 page changed through a view"),
    ]
    figure, grid = plt.subplots(1, len(panels), figsize=(13, 3.8), sharey=True)
    programs = [each for each in results.stored["peers"] if each not in (NEVER_MAPPED, BEFORE)]
    for axes, (kind, pages, title) in zip(grid, panels):
        curves(
            axes,
            results,
            lambda size: work_name(kind, size, pages(size), 1),
            QUESTION,
            programs,
            floor=lambda size: f"question/copy/{size}",
        )
        axes.set_title(title)
        axes.set_xticks(QUESTION, [size_text(size) for size in QUESTION], rotation=60, ha="right")
        axes.minorticks_off()
    grid[0].set_ylabel("change, getvalue, release the value before")
    legend(grid, 1.02)
    figure.suptitle("The question: the last value held, bytes change, the next value is taken", y=1.05)
    return figure


def log(results):
    figure, grid = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
    programs = list(results.stored["peers"])
    for axes, kind in zip(grid, ("dropped", "kept")):
        curves(axes, results, lambda rounds: f"log/{kind}/{rounds}", ROUNDS, programs, whole=True)
        axes.set_title(f"values {kind}")
        axes.set_xlabel("n")
    grid[0].set_ylabel("n × (append 1 KiB, getvalue)")
    legend(grid, 1.02)
    figure.suptitle("The growing log", y=1.02)
    return figure


def small_writes(results):
    columns = [
        ("write/16", "16 B, memory there already"),
        ("write_new/16", "16 B, a new stream each time"),
        ("threads/write/16", "16 B, beside a second thread"),
    ]
    figure, grid = plt.subplots(1, len(columns), figsize=(11, 3.8))
    for axes, (work, title) in zip(grid, columns):
        bars = sorted(
            ((entry["ns"], program) for program, entry in results.work.get(work, {}).items()),
            key=lambda bar: -bar[0]["median"],
        )
        colours = [
            ACCENT if program == OURS else "black" if program == LIMIT else "#94a3b8" for _, program in bars
        ]
        medians = [entry["median"] for entry, _ in bars]
        reach = [
            [entry["median"] - entry["q1"] for entry, _ in bars],
            [entry["q3"] - entry["median"] for entry, _ in bars],
        ]
        axes.barh(
            [results.name(program) for _, program in bars],
            medians,
            xerr=reach,
            color=colours,
            error_kw={"elinewidth": 0.8},
        )
        for place, median in enumerate(medians):
            axes.annotate(
                units.rounded(median),
                (median, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        axes.set_title(title)
        axes.set_xlabel("ns per write")
        axes.grid(axis="y", visible=False)
    figure.tight_layout()
    return figure
