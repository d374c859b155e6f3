"""Runs every peer in turn, several times, and hands the measurements to the report."""

import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

import report

HERE = Path(__file__).parent
SCALE = int(os.environ["SCALE"])
ROUNDS = int(os.environ["ROUNDS"])
# The ORM takes minutes for a million: it gets a part of them, and its time is scaled up.
DJANGO_SCALE = min(SCALE, 20_000)
SAMPLE_EVERY = 0.2


def psql(script):
    return ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file", str(HERE / "peers" / script)]


def driver(*options):
    return ["rotate-driver", "run", *options]


PEERS = {
    "one UPDATE": psql("update.sql"),
    "PL/pgSQL, IN (… LIMIT 5000)": psql("in_limit.sql"),
    "PL/pgSQL, intervals of 5000": psql("interval.sql"),
    "Django, bulk_update of 50": [sys.executable, str(HERE / "peers" / "django_command.py")],
    "rotate-driver, 1 worker": driver("--workers", "1"),
    "rotate-driver, 2 workers": driver("--workers", "2"),
    **{f"1 worker, batch {size}": driver("--workers", "1", "--batch", str(size)) for size in (50, 500, 5000, 50_000)},
    "1 worker, batch 50, old snapshot": driver("--workers", "1", "--batch", "50"),
}


class Sampler(threading.Thread):
    """Watches the table's size, and the ledger, while a peer is at work."""

    def __init__(self):
        super().__init__()
        self.samples, self.done = [], threading.Event()

    def run(self):
        started = time.monotonic()
        with psycopg.connect(autocommit=True) as connection:
            while not self.done.wait(SAMPLE_EVERY):
                size = connection.execute("SELECT pg_total_relation_size('ticket')").fetchone()[0]
                self.samples.append((time.monotonic() - started, size))


def prepare(tickets):
    subprocess.run(["rotate-driver", "init", "--size", str(tickets)], check=True, stdout=subprocess.DEVNULL)
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("TRUNCATE ticket_rotation, ticket_rotation_range, ticket_rotation_batch")
        connection.execute("DROP TABLE IF EXISTS leaked")
        connection.execute("CREATE TABLE leaked AS SELECT id, token FROM ticket")
        connection.execute("CHECKPOINT")


def measure(name):
    tickets = DJANGO_SCALE if "Django" in name else SCALE
    prepare(tickets)
    snapshot = psycopg.connect()
    if "old snapshot" in name:
        snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot.execute("SELECT count(*) FROM pg_class")
    sampler = Sampler()
    sampler.start()
    with psycopg.connect(autocommit=True) as connection:
        before = counters(connection)
        started = time.monotonic()
        subprocess.run(PEERS[name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        written = {name: value - before[name] for name, value in counters(connection).items()}
        sampler.done.set()
        sampler.join()
        snapshot.close()
        kept = connection.execute("SELECT count(*) FROM ticket JOIN leaked USING (id, token)").fetchone()[0]
        assert kept == 0, f"{name}: {kept} tickets have kept their token"
        ledger = connection.execute(
            """SELECT extract(epoch FROM finished_at - min(started_at) OVER ()), tickets
               FROM ticket_rotation_batch WHERE NOT sweep ORDER BY finished_at"""
        ).fetchall()
    scaled = SCALE / tickets
    written = {name: value * scaled for name, value in written.items()}
    return report.Measurement(seconds * scaled, written, sampler.samples, ledger)


def counters(connection):
    """What the peer's own sessions wrote: they have reported it when they end."""
    backend_writes = "(SELECT buffers_backend FROM pg_stat_bgwriter)"
    if connection.info.server_version >= 160000:
        backend_writes = "(SELECT sum(writes) FROM pg_stat_io WHERE backend_type = 'client backend')"
    row = connection.execute(
        f"SELECT pg_current_wal_insert_lsn() - '0/0', wal_fpi, {backend_writes} FROM pg_stat_wal"
    ).fetchone()
    return dict(zip(("wal", "full_page_images", "backend_writes"), map(int, row)))


def main():
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION ticket_ext")
        version = connection.execute("SHOW server_version").fetchone()[0]
    measured = {name: [] for name in PEERS if re.search(os.environ["ONLY"], name)}
    for number in range(ROUNDS):
        for name, measurements in measured.items():
            measurements.append(measure(name))
            print(f"round {number + 1}: {name}: {measurements[-1].seconds:.2f} s", flush=True)
    medians = {name: statistics.median_low(m.seconds for m in ms) for name, ms in measured.items()}
    report.write(HERE / "results", SCALE, ROUNDS, version, {
        name: next(m for m in ms if m.seconds == medians[name]) for name, ms in measured.items()
    })


main()
