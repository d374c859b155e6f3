"""Runs every peer in turn, several times, and hands the measurements to the report."""

import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg

import report
from table import (
    DATABASE, HERE, Sampler, connect, driver, hand_over, kept_tokens, prepare, psql, server_version, sizes, take_turns
)

SCALE = int(os.environ["SCALE"])
ROUNDS = int(os.environ["ROUNDS"])
# The ORM takes minutes for a million: it gets a part of them, and its time is scaled up.
DJANGO_SCALE = min(SCALE, 20_000)
# With the default of 1 GB, what a large run costs most is the full-page images after each checkpoint.
LARGE_WAL = "16GB"

PEERS = {
    "one UPDATE": psql("update.sql"),
    "PL/pgSQL, IN (… LIMIT 5000)": psql("in_limit.sql"),
    "PL/pgSQL, intervals of 5000": psql("interval.sql"),
    "Django, bulk_update of 50": [sys.executable, str(HERE / "peers" / "django_command.py")],
    "rotate-driver, 1 worker": driver("--workers", "1"),
    "rotate-driver, 2 workers": driver("--workers", "2"),
    "2 workers, no VACUUM": driver("--workers", "2", "--vacuum-every", "off"),
    **{f"1 worker, batch {size}": driver("--workers", "1", "--batch", str(size)) for size in (50, 500, 5000, 50_000)},
    "1 worker, batch 50, old snapshot": driver("--workers", "1", "--batch", "50"),
    "2 workers, batch 50": driver("--workers", "2", "--batch", "50"),
    "plain SQL, 1 worker": driver("--workers", "1"),
    "plain SQL, 2 workers": driver("--workers", "2"),
}
if SCALE >= 10_000_000:
    PEERS[f"2 workers, max_wal_size {LARGE_WAL}"] = driver("--workers", "2")


def measure(name):
    tickets = DJANGO_SCALE if "Django" in name else SCALE
    prepare(tickets)
    with circumstances(name) as role, connect() as connection:
        before, size_before = counters(connection), sizes(connection)
        with Sampler() as sampler:
            started = time.monotonic()
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(PEERS[name], check=True, env=os.environ | {"PGUSER": role}, **quiet)
            seconds = time.monotonic() - started
        written = {name: value - before[name] for name, value in counters(connection).items()}
        growth = report.growth(size_before, sizes(connection))
        kept = kept_tokens(connection)
        assert kept == 0, f"{name}: {kept} tickets have kept their token"
        ledger = connection.execute(
            """SELECT extract(epoch FROM finished_at - min(started_at) OVER ()), tickets
               FROM ticket_rotation_batch WHERE sweep = 0 ORDER BY finished_at"""
        ).fetchall()
    scaled = SCALE / tickets
    written = {name: value * scaled for name, value in written.items()}
    return report.Measurement(seconds * scaled, written, growth, sampler.samples, ledger)


@contextmanager
def circumstances(name):
    """What the peer's name says besides. Yields the role that it works as."""
    role = hand_over() if name.startswith("plain") else os.environ["PGUSER"]
    snapshot = psycopg.connect(dbname=DATABASE)
    if "old snapshot" in name:
        snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot.execute("SELECT count(*) FROM pg_class")
    if "max_wal_size" in name:
        set_server(f"SET max_wal_size = '{LARGE_WAL}'")
    yield role
    snapshot.close()
    if "max_wal_size" in name:
        set_server("RESET max_wal_size")


def set_server(change):
    with connect("postgres") as connection:
        connection.execute(f"ALTER SYSTEM {change}")
        connection.execute("SELECT pg_reload_conf()")


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
    measured = take_turns(PEERS, measure, lambda m: f"{m.seconds:.2f} s")
    medians = {name: statistics.median_low(m.seconds for m in ms) for name, ms in measured.items()}
    report.write(HERE / "results", SCALE, ROUNDS, server_version(), {
        name: next(m for m in ms if m.seconds == medians[name]) for name, ms in measured.items()
    })


main()
