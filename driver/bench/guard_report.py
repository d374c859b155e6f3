"""A Markdown table of what work takes without the guard and with it."""

import statistics

import plots


def rows(medians):
    for name in dict.fromkeys(name for name, _ in medians):
        without, guarded = medians.get((name, False)), medians[name, True]
        yield name, without, guarded, guarded / without if without else None


def in_words(measured):
    medians = {key: statistics.median(values) for key, values in measured.items()}
    return "; ".join(f"{name}: {guarded:.1f} µs" + (f" ({part:.3f})" if part else "") for name, _, guarded, part in rows(medians))


def write(folder, scale, rounds, version, medians):
    lines = [
        f"Microseconds a statement over one connection, or a ticket; {scale:,} tickets, unique index on token; medians of",
        f"{rounds} rounds, in which what is with the guard and what is without it took turns.",
        *plots.environment(version, f"make bench PART=guard SCALE={scale} ROUNDS={rounds}"),
        "| what | without the guard | with it | of without |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, without, guarded, part in rows(medians):
        before = f"{without:.1f} µs" if without else "-"
        lines.append(f"| {name} | {before} | {guarded:.1f} µs | {f'{part:.3f}' if part else '-'} |")
    folder.mkdir(exist_ok=True)
    (folder / f"guard-{scale}.md").write_text("\n".join(lines) + "\n")
