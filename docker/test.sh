#!/usr/bin/env bash
# What Docker's users do, from the README's quick start to a rotation by pg_cron, in a project of its own that
# is gone afterwards: containers, network, volume and images.
#
# usage: [SUITE=bookworm PG_MAJOR=15] docker/test.sh     default: trixie and 17
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# They come before those of .env; the port is any free one.
export SUITE=${SUITE:-trixie} PG_MAJOR=${PG_MAJOR:-17} DB_PORT=0
export COMPOSE_PROJECT_NAME=ticket-test-$$
work=$(mktemp -d)

if ! command -v docker-compose >/dev/null; then
    docker-compose() { docker compose "$@"; }
    export -f docker-compose
fi

clean_up() {
    COMPOSE_PROFILES=driver docker-compose down --volumes --remove-orphans --rmi local >"$work/down" 2>&1 ||
        cat "$work/down"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

fail() {
    echo "docker/test.sh: $*" >&2
    exit 1
}

expect() {
    local code=$1 status=0
    shift
    "$@" || status=$?
    [ $status = "$code" ] || fail "expected exit code $code, got $status: $*"
}

wait_until() {
    local deadline=$((SECONDS + 240))
    until "$@"; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain: $*"
        sleep 0.3
    done
}

on_terminal() { SHELL=$BASH script --quiet --flush --return --command "$1" "$work/screen"; }
driver() { docker-compose run --rm -T driver "$@" </dev/null; }
driver_container() {
    docker ps --quiet --filter label=com.docker.compose.project="$COMPOSE_PROJECT_NAME" \
        --filter label=com.docker.compose.service=driver
}
db_container() { docker-compose ps --quiet db; }
sql() { docker exec --interactive "$(db_container)" psql --quiet --set=ON_ERROR_STOP=1 "$@"; }
holds() { [ "$(sql --no-align --tuples-only --command="SELECT $1" </dev/null)" = t ]; }
is_beyond() { holds "EXISTS (SELECT FROM batch_progress WHERE state = 'active' AND percent > $1)"; }
check_every_ticket() { sql <driver/dev/demo.sql; }

quick_start() {
    sed -n '/^## Quick start with Docker/,/^## /s/^\$ //p' README.md >"$work/quick-start"
    grep --quiet 'driver run' "$work/quick-start" || fail "the README has no quick start with Docker"
    on_terminal "bash -euxo pipefail '$work/quick-start'"
    grep --quiet '█.* 100.00 % | 50,000 of 50,000' "$work/screen" || fail "there was no bar on the terminal"
}

interruptions() {
    driver init --size 50000
    sql <docker/test.sql

    say "Ctrl-C on a terminal"
    { wait_until is_beyond 10 && printf '\003'; } |
        expect 130 on_terminal 'docker-compose run --rm driver run --batch 500'

    say "docker stop, with plain lines"
    driver run --batch 500 >"$work/lines" &
    wait_until is_beyond 30
    docker stop "$(driver_container)"
    expect 143 wait $!
    grep --extended-regexp '^completed: [0-9.]+ % \([0-9]+ of 50000\) \| remaining time: ' "$work/lines"

    say "The database is killed and started again"
    driver run --batch 500 >"$work/lines" 2>"$work/notes" &
    wait_until is_beyond 50
    docker kill "$(db_container)"
    sleep 2
    docker-compose up -d
    expect 0 wait $!
    cat "$work/notes" "$work/lines"
    grep --quiet 'connection lost.*trying again' "$work/notes" || fail "the driver has noticed nothing"
    check_every_ticket

    say "The volume survives down and up"
    docker-compose down
    docker-compose up -d
    sql --command='COPY leaked (token) TO STDOUT' | docker-compose run --rm -T driver verify --leaked -
    check_every_ticket
}

cron() {
    sql --command='DROP TABLE leaked; CREATE TABLE leaked AS SELECT id, token FROM ticket'
    sql --command='CREATE ROLE rotator LOGIN; GRANT USAGE ON SCHEMA cron TO rotator'
    sql -v role=rotator -v target=public.ticket -v token_column=token -v schema=public <sql/roles.sql
    sql --command='SELECT start_ticket_rotation()' --command='SELECT pause_ticket_rotation()'
    sql --username=rotator <sql/schedule.sql
    wait_until holds "EXISTS (SELECT FROM cron.job_run_details WHERE return_message ~ 'paused')"
    sql --command='SELECT resume_ticket_rotation()'
    wait_until holds 'count(*) = 0 FROM cron.job'
    sql <sql/monitor.sql
    check_every_ticket
}

access() {
    docker-compose port db 5432 | grep '^127\.0\.0\.1:' || fail "published beyond this machine"
    expect 1 docker-compose run --rm -T -e PGPASSWORD_FILE= -e PGPASSWORD=wrong driver status
    expect 1 docker-compose run --rm -T --entrypoint touch driver /tmp/file
}

image() { docker image ls --format '{{.Repository}}' | grep --extended-regexp "^${COMPOSE_PROJECT_NAME}[-_]$1$"; }
about() { docker image inspect --format "{{.$1}}" "$2"; }
inside() { docker run --rm --user root --entrypoint sh "$1" -c "$2"; }

# The name of an image and of the one that it is built from.
check_image() {
    local image
    image=$(image "$1")
    echo "$1: $(($(about Size "$image") / 1000000)) MB, of which $2: $(($(about Size "$2") / 1000000)) MB"
    [ -z "$(inside "$image" 'which cc gcc clang make rustc cargo')" ] || fail "$1: a compiler"
    [ -z "$(inside "$image" 'find / -xdev -name "*.rs" -o -xdev -name Cargo.toml')" ] || fail "$1: source"
    [ "$(docker save "$image" | grep --count --fixed-strings --file=secrets/postgres_password)" = 0 ] ||
        fail "$1: the password"
}

is_unhealthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(db_container)")" = unhealthy ]; }

say "Quick start with PostgreSQL $PG_MAJOR on $SUITE"
quick_start
interruptions
say "Rotation by pg_cron alone"
cron
say "Access and images"
access
check_image db "postgres:$PG_MAJOR-$SUITE"
check_image driver "debian:$SUITE-slim"
[ "$(about Config.User "$(image driver)")" = 65534:65534 ] || fail "driver: not the user nobody"
say "The health check misses the extension"
sql --command='DROP EXTENSION ticket_ext'
wait_until is_unhealthy
say "Passed"
