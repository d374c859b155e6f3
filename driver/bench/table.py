"""The table that everybody starts from, and what is measured of it."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

HERE = Path(__file__).parent
SAMPLE_EVERY = 0.2
DATABASE = "bench"


def psql(script):
    return ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file", str(HERE / "peers" / script)]


def driver(*options):
    return ["rotate-driver", "run", *options]


def connect(database=DATABASE):
    return psycopg.connect(dbname=database, autocommit=True)


def prepare(tickets):
    """A database as it is right after init: copied, which is much quicker than init for many tickets."""
    kept = f"kept_{tickets}"
    with connect("postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [kept]).fetchone():
            make(kept, tickets, connection)
        strategy = "STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {kept} {strategy}")
        os.environ["PGDATABASE"] = DATABASE
        with connect() as copy:
            copy.execute("ALTER TABLE ticket RESET (autovacuum_enabled)")
        connection.execute("CHECKPOINT")


def make(name, tickets, connection):
    """Autovacuum leaves it alone, so that no later copy differs from the first."""
    connection.execute(f"CREATE DATABASE {name}")
    with connect(name) as kept:
        kept.execute("CREATE EXTENSION ticket_ext")
        init = ["rotate-driver", "init", "--size", str(tickets)]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PGDATABASE": name})
        kept.execute("ALTER TABLE ticket SET (autovacuum_enabled = off)")
        kept.execute("CREATE TABLE leaked WITH (autovacuum_enabled = off) AS SELECT id, token FROM ticket")


def hand_over():
    """To an owner who is no superuser, with the plain-SQL edition instead of the extension."""
    owner = "plain_owner"
    with connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone():
            connection.execute(f"CREATE ROLE {owner} LOGIN")
        connection.execute("DROP EXTENSION ticket_ext")
        connection.execute(f"ALTER TABLE ticket OWNER TO {owner}")
        connection.execute(f"ALTER DATABASE {DATABASE} OWNER TO {owner}")
        connection.execute(f"ALTER DATABASE {DATABASE} SET search_path = public, ticket_ext")
    setup = ["rotate-driver", "setup"]
    subprocess.run(setup, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PGUSER": owner})
    return owner


def server_version():
    with connect("postgres") as connection:
        return connection.execute("SHOW server_version").fetchone()[0]


def take_turns(names, measure, figures):
    """The measurements of each of the names that were chosen, in as many rounds as were asked for."""
    measured = {name: [] for name in names if re.search(os.environ["ONLY"], name)}
    if not measured:
        sys.exit("bench: nothing matches ONLY")
    for number in range(int(os.environ["ROUNDS"])):
        for name, measurements in measured.items():
            measurements.append(measure(name))
            print(f"round {number + 1}: {name}: {figures(measurements[-1])}", flush=True)
    return measured


def sizes(connection):
    """Bytes of heap and indexes."""
    return connection.execute("SELECT pg_relation_size('ticket'), pg_indexes_size('ticket')").fetchone()


def kept_tokens(connection):
    return connection.execute("SELECT count(*) FROM ticket JOIN leaked USING (id, token)").fetchone()[0]


class Sampler(threading.Thread):
    """Watches the sizes: seconds since the start, heap, indexes."""

    def __init__(self):
        super().__init__()
        self.samples, self.done = [], threading.Event()

    def run(self):
        started = time.monotonic()
        with connect() as connection:
            ended = False
            while not ended:
                ended = self.done.wait(SAMPLE_EVERY if self.samples else 0)
                self.samples.append((time.monotonic() - started, *sizes(connection)))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join()
