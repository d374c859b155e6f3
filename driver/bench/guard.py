"""What the guard costs: the same work without it and with it, in turns; and a write that it holds off."""

import os
import re
import statistics
import subprocess
import time

import guard_report
from table import HERE, connect, driver, prepare, server_version

SCALE = int(os.environ["SCALE"])
ROUNDS = int(os.environ["ROUNDS"])
# Seconds of a measurement; so many of a round take turns that a change of the machine's mood meets both.
SPAN = 5
TURNS = 3
COPIED = 100_000

# Transactions of one statement, in microseconds each.
STATEMENTS = {
    "UPDATE of another column": "neighbours/update.sql",
    "UPDATE of all columns, none of them changed": "guard/all_columns.sql",
    "UPDATE with a token made anew": "guard/new_token.sql",
    "INSERT of a new ticket": "guard/new_ticket.sql",
}
HELD_OFF = "UPDATE with a retired token, which is held off"


def latency(script):
    command = [
        "pgbench", "--no-vacuum", "--protocol=prepared", f"--define=tickets={SCALE}", f"--time={SPAN}",
        f"--file={HERE / script}",
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"latency average = ([\d.]+) ms", said).group(1)) * 1000


def rotation(_):
    started = time.monotonic()
    subprocess.run(driver("--new", "--workers", "1"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - started) * 1e6 / SCALE


def copied(_):
    with connect() as connection, connection.transaction(force_rollback=True):
        started = time.monotonic()
        with connection.cursor().copy("COPY ticket (created_at) FROM STDIN") as copy:
            copy.write(b"2026-03-01\n" * COPIED)
        return (time.monotonic() - started) * 1e6 / COPIED


def switch(on):
    with connect() as connection:
        connection.execute(f"SELECT {'guard' if on else 'unguard'}_ticket_tokens()")
        connection.execute("CHECKPOINT")


def round_of(measured):
    """Rotated first, since only what a run knows of is looked at."""
    prepare(SCALE)
    with connect() as connection:
        connection.execute("ALTER TABLE leaked ADD PRIMARY KEY (id)")
    rotation(None)
    work = {name: (latency, script) for name, script in STATEMENTS.items()}
    work[f"COPY of {COPIED:,} new tickets"] = (copied, None)
    for name, (measure, script) in work.items():
        for _ in range(TURNS):
            for on in (False, True):
                switch(on)
                measured.setdefault((name, on), []).append(measure(script))
    for _ in range(TURNS):
        measured.setdefault((HELD_OFF, True), []).append(latency("guard/old_token.sql"))
    for on in (False, True):
        prepare(SCALE)
        switch(on)
        measured.setdefault(("rotation, 1 worker", on), []).append(rotation(None))


def main():
    measured = {}
    for number in range(ROUNDS):
        round_of(measured)
        print(f"round {number + 1}: {guard_report.in_words(measured)}", flush=True)
    medians = {key: statistics.median(values) for key, values in measured.items()}
    guard_report.write(HERE / "results", SCALE, ROUNDS, server_version(), medians)


main()
