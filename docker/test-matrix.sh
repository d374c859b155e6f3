#!/usr/bin/env bash
# Builds the project for several releases of PostgreSQL and runs all tests of the extension and of the driver with
# each, in containers of the Debian release that carries it. Prints a table; a log of each lies under target/matrix.
#
# usage: docker/test-matrix.sh [SUITE:PG_MAJOR...]     default: bullseye:13 bookworm:15 trixie:17 forky:18
#
# IMAGE, "rust:1.95" by default, is continued by the name of the Debian release. A volume keeps cargo's downloads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || set -- bullseye:13 bookworm:15 trixie:17 forky:18
logs=target/matrix
mkdir -p "$logs"
rm -f "$logs/table.md"
box=
failed=0

clean_up() { [ -z "$box" ] || docker rm --force --volumes "$box" >/dev/null; box=; }
trap clean_up EXIT
trap 'exit 130' INT TERM

# Servers of the tests share memory by files in /dev/shm.
open_box() {
    box=$(docker create --init --shm-size 1g --volume ticket-ext-cargo-registry:/usr/local/cargo/registry \
        --env "CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-$(nproc)}" --workdir /home/ticket_ext \
        "${IMAGE:-rust:1.95}-$1" sleep infinity)
    docker start "$box" >/dev/null
    git ls-files -z | tar --null --files-from=- -c | docker exec --interactive "$box" tar -x --no-same-owner
}

tests() {
    awk '/^test result/ { passed += $4; failed += $6 } END { printf "%d passed, %d failed", passed, failed }' "$1"
}

# One row of the table: what was run, its tests, its exit code and seconds.
step() {
    local name=$1 code=0 begin=$SECONDS log
    log=$logs/$suite-$major-${name// /-}.log
    docker exec "$box" bash -euo pipefail -c "$2" >"$log" 2>&1 </dev/null || code=$?
    printf '| %s (%s) | %s | %s | exit code %s | %d s |\n' "$major" "$suite" "$name" "$(tests "$log")" $code \
        $((SECONDS - begin)) | tee --append "$logs/table.md"
    [ $code = 0 ] || failed=1
    return $code
}

test_release() {
    suite=$1 major=$2
    open_box "$suite"
    step set-up "apt-get update -qq && apt-get install -y -qq make >/dev/null
        docker/build-deps.sh $major" || return 0
    step extension "eval \"\$(driver/dev/private-server env)\"; cargo pgrx test pg$major --package ticket_ext" || true
    step driver "driver/dev/private-server install && driver/dev/pgbouncer &&
        cargo test --no-fail-fast --package rotate-driver" || true
    step "plain SQL" "EDITION=plain cargo test --no-fail-fast --package rotate-driver --test suite -- $(
        sed -n 's/^PLAIN_TESTS := //p' Makefile)" || true
    step campaign "KILLS=20 SEED=1 make faults" || true
    clean_up
}

for release in "$@"; do test_release "${release%:*}" "${release#*:}"; done
exit $failed
