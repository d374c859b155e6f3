"""A Markdown table and plots of the median measurements."""

import datetime
import os
import platform
from dataclasses import dataclass

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

BASE = "one UPDATE"
SHOWN = [BASE, "rotate-driver, 1 worker", "rotate-driver, 2 workers"]


@dataclass
class Measurement:
    seconds: float
    written: dict
    """Bytes of WAL, full-page images in it, and pages written by the peer's own sessions."""
    """Seconds since the start, and the bytes of table and indexes."""
    sizes: list
    """Seconds since the start of a batch's commit, and its tickets."""
    ledger: list


def write(folder, scale, rounds, version, medians):
    base = medians[BASE].seconds
    lines = [
        f"{scale:,} tickets, unique index on token; medians of {rounds} rounds in which the peers took turns.",
        f"PostgreSQL {version} with its default settings, {os.cpu_count()} cores, {platform.machine()};",
        f"`make bench SCALE={scale} ROUNDS={rounds}`, {datetime.date.today()}.",
        "",
        "| what | time | of one UPDATE | a ticket | WAL | full-page images | pages written by sessions |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, m in medians.items():
        wal, images, pages = m.written["wal"], m.written["full_page_images"], m.written["backend_writes"]
        lines.append(
            f"| {name} | {m.seconds:.1f} s | {m.seconds / base:.2f} | {m.seconds / scale * 1e6:.1f} µs "
            f"| {wal / 1e6:.0f} MB | {images:,.0f} | {pages:,.0f} |"
        )
    folder.mkdir(exist_ok=True)
    (folder / f"{scale}.md").write_text("\n".join(lines) + "\n")
    plot_times(folder / f"times-{scale}.svg", medians)
    sizes = {n: megabytes(medians[n].sizes) for n in SHOWN}
    plot_series(folder / f"sizes-{scale}.svg", "table and indexes, MB", sizes)
    throughput = {n: rates(medians[n].ledger) for n in SHOWN[1:]}
    plot_series(folder / f"rates-{scale}.svg", "tickets per second", throughput)


def megabytes(sizes):
    return [(second, size / 1e6) for second, size in sizes]


def rates(ledger):
    """Tickets by half seconds."""
    sums = {}
    for second, tickets in ledger:
        sums[int(float(second) * 2)] = sums.get(int(float(second) * 2), 0) + tickets
    return [(half / 2, tickets * 2) for half, tickets in sorted(sums.items())]


def plot_times(path, medians):
    figure, axes = pyplot.subplots(figsize=(8, 4))
    names = list(medians)[::-1]
    colors = ["tab:green" if "worker" in name else "tab:gray" for name in names]
    axes.barh(names, [medians[name].seconds for name in names], color=colors)
    axes.set_xscale("log")
    axes.set_xlabel("seconds (logarithmic)")
    save(figure, path)


def plot_series(path, label, series):
    figure, axes = pyplot.subplots(figsize=(8, 3))
    for name, points in series.items():
        axes.plot(*zip(*points), label=name)
    axes.set_xlabel("seconds")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.legend()
    save(figure, path)


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
