#!/bin/sh
# Installs what building and testing take on Debian or Ubuntu: PostgreSQL with its headers, a C toolchain with
# libclang for pgrx's bindings, OpenSSL's headers, and cargo-pgrx. The Docker images use the same list.
# What is there already is left alone, so a second call takes a second.
#
# usage: build-deps.sh [PG_MAJOR [PACKAGE...]]     default: the release that the distribution carries; more packages
set -eu

pgrx_version=0.18.1

fail() {
    echo "build-deps: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "to install packages, run this as root: $*"
        sudo "$@"
    fi
}

missing_packages() {
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

install_packages() {
    missing=$(missing_packages "$@")
    if [ -n "$missing" ]; then
        as_root apt-get update -qq
        # shellcheck disable=SC2086 # one word a package
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    fi
}

# The servers are the project's own: the package's default cluster is not wanted where there was none.
keep_default_cluster_out() {
    if [ -n "$(missing_packages postgresql-common)" ]; then
        install_packages postgresql-common
        as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' \
            /etc/postgresql-common/createcluster.conf
    fi
}

# The newest release that is installed, else the distribution's.
default_major() {
    for installed in $(ls -v /usr/lib/postgresql 2>/dev/null); do major=$installed; done
    echo "${major:-$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)}"
}

if command -v apt-get >/dev/null; then
    keep_default_cluster_out
    major=${1:-$(default_major)}
    shift $(($# > 0))
    install_packages "postgresql-$major" "postgresql-server-dev-$major" \
        gcc libc6-dev make clang libclang-dev pkg-config libssl-dev ca-certificates util-linux sudo openssl "$@"
else
    cat >&2 <<'EOF'
build-deps: this system has no apt-get. With its own package manager, install
  - a PostgreSQL server, release 13 to 18, with its development headers (pg_config)
  - a C compiler, clang with libclang, pkg-config, the headers of OpenSSL, setpriv and sudo
EOF
    command -v pg_config >/dev/null || fail "pg_config was not found"
fi

command -v cargo >/dev/null || fail "cargo was not found: install Rust 1.95 or newer with rustup"
if [ "$(cargo pgrx --version 2>/dev/null)" != "cargo-pgrx $pgrx_version" ]; then
    cargo install --locked --quiet cargo-pgrx --version "=$pgrx_version"
fi
