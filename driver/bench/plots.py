"""What the plots of both parts have in common."""

import datetime
import os
import platform

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402


def environment(version, command):
    return [
        f"PostgreSQL {version} with its default settings, {os.cpu_count()} cores, {platform.machine()};",
        f"`{command}`, {datetime.date.today()}.",
        "",
    ]


def series(path, panels):
    """One panel above the other: a label and its lines, by name."""
    figure, rows = pyplot.subplots(len(panels), figsize=(8, 3 * len(panels)), sharex=True, squeeze=False)
    for (label, lines), axes in zip(panels.items(), rows[:, 0]):
        for name, points in lines.items():
            axes.plot(*zip(*points), label=name)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    rows[0, 0].legend()
    rows[-1, 0].set_xlabel("seconds")
    save(figure, path)


def sizes(path, samples):
    """From lists of seconds, bytes of heap, bytes of indexes."""
    of = lambda column: {n: [(s[0], s[column] / 1e6) for s in rows] for n, rows in samples.items() if rows}
    series(path, {"table, MB": of(1), "indexes, MB": of(2)})


def bars(path, groups, label):
    """Horizontal, logarithmic; a group is a name with its color and one value for each row."""
    figure, axes = pyplot.subplots(figsize=(8, 4))
    height = 0.8 / len(groups)
    for number, (name, color, values) in enumerate(groups):
        rows = [row + number * height for row in range(len(values))]
        axes.barh(rows, list(values.values())[::-1], height, color=color, label=name)
    names = list(groups[0][2])[::-1]
    axes.set_yticks([row + 0.4 - height / 2 for row in range(len(names))], names)
    axes.set_xscale("log")
    axes.set_xlabel(label)
    if len(groups) > 1:
        axes.legend()
    save(figure, path)


def save(figure, path):
    path.parent.mkdir(exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
