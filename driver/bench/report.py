"""A Markdown table and plots of the median measurements."""

from dataclasses import dataclass

import plots

BASE = "one UPDATE"
SHOWN = [BASE, "rotate-driver, 1 worker", "rotate-driver, 2 workers", "2 workers, no VACUUM"]


@dataclass
class Measurement:
    seconds: float
    # Bytes of WAL, full-page images in it, and pages written by the peer's own sessions.
    written: dict
    # Of heap and indexes, in percent.
    growth: tuple
    # Seconds since the start, and the bytes of heap and indexes.
    sizes: list
    # Seconds since the start of a batch's commit, and its tickets.
    ledger: list


def growth(before, after):
    return tuple(100 * (now / then - 1) for then, now in zip(before, after))


def write(folder, scale, rounds, version, medians):
    base = medians.get(BASE)
    lines = [
        f"{scale:,} tickets, unique index on token; medians of {rounds} rounds in which the peers took turns.",
        *plots.environment(version, f"make bench PART=rotation SCALE={scale} ROUNDS={rounds}"),
        "| what | time | of one UPDATE | a ticket | table | indexes | WAL | full-page images | pages written by sessions |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, m in medians.items():
        wal, images, pages = m.written["wal"], m.written["full_page_images"], m.written["backend_writes"]
        part = f"{m.seconds / base.seconds:.2f}" if base else "-"
        lines.append(
            f"| {name} | {m.seconds:.1f} s | {part} | {m.seconds / scale * 1e6:.1f} µs "
            f"| {m.growth[0]:+.0f} % | {m.growth[1]:+.0f} % | {wal / 1e6:.0f} MB | {images:,.0f} | {pages:,.0f} |"
        )
    folder.mkdir(exist_ok=True)
    (folder / f"{scale}.md").write_text("\n".join(lines) + "\n")
    seconds = {name: m.seconds for name, m in medians.items()}
    colors = ["tab:green" if "worker" in name else "tab:gray" for name in list(medians)[::-1]]
    plots.bars(folder / f"times-{scale}.svg", [("time", colors, seconds)], "seconds (logarithmic)")
    shown = {name: medians[name] for name in SHOWN if name in medians}
    throughput = {name: rates(m.ledger) for name, m in shown.items() if m.ledger}
    if shown:
        plots.sizes(folder / f"sizes-{scale}.svg", {name: m.sizes for name, m in shown.items()})
    if throughput:
        plots.series(folder / f"rates-{scale}.svg", {"tickets per second": throughput})


def rates(ledger):
    """Tickets by half seconds."""
    sums = {}
    for second, tickets in ledger:
        sums[int(float(second) * 2)] = sums.get(int(float(second) * 2), 0) + tickets
    return [(half / 2, tickets * 2) for half, tickets in sorted(sums.items())]
