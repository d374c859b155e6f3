# What the parts of a release share: names, versions, and the settings that make two builds equal. Sourced by them.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
umask 022
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cd "$root"
parts=$root/driver/dev/dist
out=$root/target/dist
work=$root/target/dist-work

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
machine=${MACHINE:-$(uname -m)}
# Whoever committed the release has made it, unless the packager says otherwise.
maintainer=${MAINTAINER:-$(git log -1 --format='%cn <%ce>')}

export LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
# usage: build_in SOURCES TARGET    without their paths in what is built. Of several that fit, the last counts.
build_in() {
    export CARGO_TARGET_DIR=$2
    export RUSTFLAGS="--remap-path-prefix=$1=/ticket_ext --remap-path-prefix=$2=/target \
--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
}
# A target folder of its own, as other paths would be in what was built without these flags.
build_in "$root" "$root/target/dist-build"

say() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }

fail() {
    echo "make dist: $*" >&2
    exit 1
}

gzipped() { gzip --no-name --best >"$1"; }

# An archive whose bytes depend on nothing but names, modes and contents.
tar_of() {
    tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar \
        --directory "$(dirname "$1")" "$(basename "$1")" | gzip --no-name --best
}
