//! Released versions of the extension's SQL, as `ticket_ext/released` keeps them. What is released is installed
//! somewhere: it is changed by an upgrade script alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Database, Server, repository};

const CURRENT: &str = env!("CARGO_PKG_VERSION");

fn released() -> PathBuf {
    repository().join("ticket_ext/released")
}

/// Those that are kept, as "0.1.0".
fn versions() -> Vec<String> {
    let names = fs::read_dir(released()).expect("a folder").flatten().map(|entry| entry.file_name());
    names.filter_map(|name| Some(name.to_str()?.strip_suffix(".sql")?.to_owned())).collect()
}

/// Where the server has the script that CREATE EXTENSION runs.
fn installed() -> PathBuf {
    let output = Server::shared().program("pg_config").arg("--sharedir").output().expect("pg_config runs");
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    folder.join(format!("extension/ticket_ext--{CURRENT}.sql"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Objects in any order, without comments, which name lines of the sources: cargo-pgrx writes them as they come.
fn objects(script: &str) -> BTreeSet<String> {
    let is_comment = |line: &&str| line.trim_start().starts_with("--") || line.trim().is_empty();
    let parts = script.split("/* <begin connected objects> */").map(|part| {
        let code: Vec<&str> = part.lines().filter(|line| !is_comment(line)).collect();
        code.join("\n")
    });
    parts.collect()
}

#[test]
fn the_sql_of_a_released_version_does_not_change() {
    let (kept, built) = (released().join(format!("{CURRENT}.sql")), installed());
    if !kept.exists() {
        return;
    }
    let (kept, now) = (objects(&read(&kept)), objects(&read(&built)));
    assert!(
        kept == now,
        "version {CURRENT} is released with other SQL. Raise the version and write an upgrade script, as \
         docs/releasing.md says.\nreleased: {:#?}\nnow: {:#?}",
        lines_of_one_alone(&kept, &now),
        lines_of_one_alone(&now, &kept)
    );
}

/// Short enough to be read: most of an object that has changed has not.
fn lines_of_one_alone<'a>(one: &'a BTreeSet<String>, other: &'a BTreeSet<String>) -> Vec<&'a str> {
    let known: BTreeSet<&str> = other.iter().flat_map(|object| object.lines()).collect();
    one.iter().flat_map(|object| object.lines()).filter(|line| !known.contains(line)).collect()
}

#[test]
fn every_released_version_can_be_upgraded_to_this_one() {
    let paths = "SELECT path FROM pg_extension_update_paths('ticket_ext')";
    for version in versions().iter().filter(|version| *version != CURRENT) {
        let sql = format!("{paths} WHERE (source, target) = ('{version}', '{CURRENT}')");
        let path = Database::create().one(&sql);
        assert!(!path.is_empty(), "no upgrade script leads from {version} to {CURRENT}");
    }
}

#[test]
fn a_change_of_sql_is_seen_and_another_order_is_not() {
    let one = "/* <begin connected objects> */\n-- a.rs:1\nCREATE a();\n";
    let other = "/* <begin connected objects> */\n-- b.rs:2\nCREATE b();\n";
    let moved = other.to_owned() + &one.replace("a.rs:1", "a.rs:7");
    assert_eq!(objects(&format!("{one}{other}")), objects(&moved));
    assert_ne!(objects(one), objects(&one.replace("a()", "a(integer)")));
}
