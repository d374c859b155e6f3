#!/usr/bin/env bash
# Installs the packages of target/dist on a bare Debian in a container, as an administrator does: the extension by a
# superuser, a rotation by a role without privileges, and all of it removed again. Run make dist first.
#
# usage: [SUITE=bookworm PG_MAJOR=15] docker/test-packages.sh     what the packages were built on
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
suite=${SUITE:-bookworm} major=${PG_MAJOR:-15}
packages=(target/dist/postgresql-"$major"-ticket-ext_*.deb target/dist/rotate-driver_*.deb)
[ -f "${packages[0]}" ] && [ -f "${packages[1]}" ] || { echo "there are no packages: make dist" >&2; exit 1; }

box=$(docker create --init "debian:$suite-slim" sleep infinity)
trap 'docker rm --force --volumes "$box" >/dev/null' EXIT
trap 'exit 130' INT TERM
docker start "$box" >/dev/null
docker exec "$box" mkdir /packages
for package in "${packages[@]}"; do docker cp --quiet "$package" "$box:/packages/"; done

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
as_root() { docker exec "$box" bash -euo pipefail -c "export DEBIAN_FRONTEND=noninteractive; $1"; }
as_postgres() { docker exec --user postgres "$box" bash -euo pipefail -c "cd; export PGDATABASE=app; $1"; }
as_rotator() {
    docker exec --env PGUSER=rotator --env PGPASSWORD=secret --env PGHOST=localhost --env PGDATABASE=app --user nobody \
        "$box" bash -euo pipefail -c "cd /tmp; $1"
}

say "Install on $suite, with the server that they depend on"
as_root 'apt-get update -qq && apt-get install -y -qq --no-install-recommends /packages/*.deb >/dev/null 2>&1
    dpkg --verify postgresql-'"$major"'-ticket-ext rotate-driver; rotate-driver --version; du -h /packages/*'
as_root "pg_ctlcluster $major main start && pg_lsclusters --no-header"

say "CREATE EXTENSION by a superuser"
as_postgres 'createdb --maintenance-db=postgres app
    psql -qc "CREATE EXTENSION ticket_ext" -c "CREATE ROLE rotator LOGIN PASSWORD '\''secret'\''"
    rotate-driver --url "host=/var/run/postgresql" init --size 20000
    psql -qc "CREATE TABLE leaked AS SELECT token FROM ticket" -c "GRANT SELECT ON leaked TO rotator"
    psql -q -v role=rotator -v target=public.ticket -v token_column=token -v schema=public \
        -f /usr/share/doc/postgresql-'"$major"'-ticket-ext/examples/roles.sql'

say "Rotate and verify by a role without privileges"
as_rotator 'psql -c "\copy leaked TO /tmp/leaked.csv"
    rotate-driver run --verify --leaked /tmp/leaked.csv; rotate-driver status'

say "Papers, manual pages and completions are there"
as_root 'apt-get install -y -qq --no-install-recommends man-db >/dev/null 2>&1
    for page in rotate-driver rotate-driver-run rotate-driver-guard-on; do man --where $page; done
    cd /usr/share && ls bash-completion/completions/rotate-driver zsh/vendor-completions/_rotate-driver \
        fish/vendor_completions.d/rotate-driver.fish doc/rotate-driver'

say "Remove"
as_postgres 'psql -qc "DROP EXTENSION ticket_ext"'
as_root 'apt-get purge -y -qq rotate-driver postgresql-'"$major"'-ticket-ext >/dev/null
    left=$(find / -xdev -path /proc -prune -o -path /packages -prune -o -path /var/lib/apt -prune -o \
        \( -name "*ticket_ext*" -o -name "*ticket-ext*" -o -name "*rotate-driver*" \) -print)
    [ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }'
say "Passed"
