"""How an application fares beside a rotation: its latencies by pgbench, in each situation in turn."""

import os
import signal
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import neighbours_report
import report
from table import HERE, Sampler, connect, driver, kept_tokens, prepare, psql, server_version, sizes, take_turns

SCALE = int(os.environ["SCALE"])
ROUNDS = int(os.environ["ROUNDS"])
# Transactions per second: enough for a 99th percentile within seconds, and the machine is far from busy by them.
RATE = int(os.environ["RATE"])
CLIENTS = 8
WARM_UP = 3
ALONE = 20

SITUATIONS = {
    "alone": ["sleep", str(ALONE)],
    "rotate-driver": driver(),
    "rotate-driver --nice 1": driver("--nice", "1"),
    "rotate-driver --nice 1 --workers 1": driver("--nice", "1", "--workers", "1"),
    "one UPDATE": psql("update.sql"),
}


@contextmanager
def application(folder):
    """Reads and updates, at a fixed rate; a transaction that is late counts from when it should have begun."""
    scripts = [f"--file={HERE / 'neighbours' / script}" for script in ("read.sql@80", "update.sql@20")]
    command = [
        "pgbench", "--no-vacuum", "--protocol=prepared", f"--define=tickets={SCALE}", f"--client={CLIENTS}",
        f"--rate={RATE}", "--time=86400", "--log", f"--log-prefix={folder}/log", *scripts,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(WARM_UP)
    yield
    # As if its time were over: it writes the rest of its log.
    process.send_signal(signal.SIGALRM)
    assert process.wait() == 0, "pgbench failed"


def latencies(folder, started, ended):
    """In milliseconds, of the transactions that were under way meanwhile: reads and updates."""
    found = {0: [], 1: []}
    for file in Path(folder).glob("log*"):
        for line in file.read_text().splitlines():
            _, _, took, script, second, microsecond, *_ = line.split()
            end = int(second) + int(microsecond) / 1e6
            if end >= started and end - int(took) / 1e6 <= ended:
                found[int(script)].append(int(took) / 1e3)
    return found.values()


def percentile(values, part):
    return statistics.quantiles(values, n=100)[part - 1]


def busy():
    """Seconds of all processors: worked, and in all."""
    with open("/proc/stat") as file:
        ticks = [int(ticks) for ticks in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def measure(name):
    prepare(SCALE)
    with tempfile.TemporaryDirectory() as folder, connect() as connection:
        before = sizes(connection)
        with application(folder), Sampler() as sampler:
            worked, started = busy(), time.time()
            subprocess.run(SITUATIONS[name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ended, work = time.time(), [now - then for now, then in zip(busy(), worked)]
        rotates = name != "alone"
        assert not rotates or kept_tokens(connection) == 0, f"{name}: tickets have kept their token"
        reads, updates = latencies(folder, started, ended)
        return neighbours_report.Measurement(
            seconds=ended - started if rotates else None,
            p50=percentile(reads + updates, 50),
            p99=percentile(reads + updates, 99),
            p99_reads=percentile(reads, 99),
            p99_updates=percentile(updates, 99),
            longest=max(reads + updates),
            lock=longest_lock(connection, ended - started) if rotates else None,
            busy=work[0] / work[1],
            growth=report.growth(before, sizes(connection)),
            sizes=sampler.samples,
        )


def longest_lock(connection, whole):
    """A batch holds its rows until it commits; a single statement holds them to its end."""
    longest = "SELECT extract(epoch FROM max(finished_at - started_at))::float8 FROM ticket_rotation_batch"
    return connection.execute(f"{longest} WHERE sweep = 0").fetchone()[0] or whole


def main():
    measured = take_turns(SITUATIONS, measure, lambda m: f"p50 {m.p50:.2f} ms, p99 {m.p99:.2f} ms")
    medians = {name: neighbours_report.median(measurements) for name, measurements in measured.items()}
    neighbours_report.write(HERE / "results", SCALE, ROUNDS, RATE, server_version(), medians)


main()
