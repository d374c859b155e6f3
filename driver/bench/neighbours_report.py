"""A Markdown table and plots of an application's latencies."""

import statistics
from dataclasses import dataclass, fields

import plots

BASE = "alone"


@dataclass
class Measurement:
    # Of the rotation; None where there is none.
    seconds: float | None
    # Milliseconds of a transaction.
    p50: float
    p99: float
    p99_reads: float
    p99_updates: float
    longest: float
    # The longest time that a row was locked by the rotation, in seconds.
    lock: float | None
    # The part of all processors' time that was worked.
    busy: float
    # Of heap and indexes, in percent.
    growth: tuple
    # Seconds since the start, and the bytes of heap and indexes.
    sizes: list


def median(measurements):
    """Of each figure by itself; the sizes are those of the round with the median p99."""
    of = lambda name: [getattr(m, name) for m in measurements]
    middle = sorted(measurements, key=lambda m: m.p99)[(len(measurements) - 1) // 2]
    values = {field.name: getattr(middle, field.name) for field in fields(Measurement)}
    for name in ("seconds", "p50", "p99", "p99_reads", "p99_updates", "longest", "lock", "busy"):
        if values[name] is not None:
            values[name] = statistics.median(of(name))
    values["growth"] = tuple(map(statistics.median, zip(*of("growth"))))
    return Measurement(**values)


def write(folder, scale, rounds, rate, version, medians):
    base = medians.get(BASE)
    lines = [
        f"An application reads a ticket or, every fifth time, updates another column of one: {rate:,} transactions per",
        f"second at random ids, latencies from when each should have begun. {scale:,} tickets, unique index on token;",
        f"medians of {rounds} rounds in which the situations took turns.",
        *plots.environment(version, f"make bench PART=neighbours SCALE={scale} ROUNDS={rounds} RATE={rate}"),
        "| beside | p50 | p99 | of alone | p99 of reads | of updates | longest | longest row lock | time of the rotation | table | indexes | processors busy |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, m in medians.items():
        part = f"{m.p99 / base.p99:.2f}" if base else "-"
        lock = f"{m.lock * 1e3:.0f} ms" if m.lock else "-"
        seconds = f"{m.seconds:.1f} s" if m.seconds else "-"
        lines.append(
            f"| {name} | {m.p50:.2f} ms | {m.p99:.2f} ms | {part} | {m.p99_reads:.2f} ms | {m.p99_updates:.2f} ms | {m.longest:.0f} ms | {lock} | {seconds} "
            f"| {m.growth[0]:+.0f} % | {m.growth[1]:+.0f} % | {m.busy * 100:.0f} % |"
        )
    folder.mkdir(exist_ok=True)
    (folder / f"neighbours-{scale}.md").write_text("\n".join(lines) + "\n")
    groups = [(label, color, {name: getattr(m, label) for name, m in medians.items()})
              for label, color in (("p99", "tab:orange"), ("p50", "tab:blue"))]
    plots.bars(folder / f"latencies-{scale}.svg", groups, "milliseconds (logarithmic)")
    plots.sizes(folder / f"neighbours-sizes-{scale}.svg", {n: m.sizes for n, m in medians.items() if n != BASE})
