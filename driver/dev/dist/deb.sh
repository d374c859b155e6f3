# How a .deb is put together from a tree of files. Sourced by those parts that make one.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
architecture=$(dpkg --print-architecture)

# Papers that each package has: copyright, both changelogs, licences of what is linked.
add_papers() {
    local doc=$1/usr/share/doc/$2
    mkdir -p "$doc"
    {
        echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
        printf 'Comment:\n What is linked has terms of its own: THIRD-PARTY.gz in this folder.\n\nFiles: *\n'
        sed -n 's/^Copyright (c) /Copyright: /p' LICENSE
        printf 'License: Expat\n'
        sed -e '1,/^Copyright/d' LICENSE | sed -e '1{/^$/d}' -e 's/^$/./' -e 's/^/ /'
    } >"$doc/copyright"
    gzipped "$doc/changelog.gz" <CHANGELOG.md
    gzipped "$doc/THIRD-PARTY.gz" <"$out/THIRD-PARTY.txt"
    gzipped "$doc/changelog.Debian.gz" <<EOF
ticket-ext ($version-1) unstable; urgency=medium

  * Release $version. What is new is in changelog.gz.

 -- $maintainer  $(date --date="@$SOURCE_DATE_EPOCH" --rfc-email)
EOF
}

# What a program or library needs of the system's libraries, as "libc6 (>= 2.34), ...".
library_dependencies() {
    mkdir -p "$work/shlibs/debian"
    printf 'Source: ticket-ext\n\nPackage: ticket-ext\nArchitecture: any\n' >"$work/shlibs/debian/control"
    (cd "$work/shlibs" && dpkg-shlibdeps --warnings=0 -O -e"$1" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

# usage: build_deb TREE NAME <<fields of its own: Depends, Description and so on
build_deb() {
    local tree=$1 name=$2
    mkdir -p "$tree/DEBIAN"
    {
        printf 'Package: %s\nSource: ticket-ext\nVersion: %s-1\nArchitecture: %s\nMaintainer: %s\n' \
            "$name" "$version" "$architecture" "$maintainer"
        printf 'Section: database\nPriority: optional\nInstalled-Size: %s\n' \
            "$(du --apparent-size --summarize --block-size=1024 --exclude=DEBIAN "$tree" | cut -f 1)"
        cat
    } >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f | sort | xargs md5sum) >"$tree/DEBIAN/md5sums"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out" >/dev/null
}
