//! Puts the plain-SQL edition of the extension together: one script, of the tables and statements that both editions
//! share and the control flow in PL/pgSQL that is its own.
//!
//! A file is included by `@include FILE@`, relative to the folder of the extension, wherever that stands in a line. A
//! statement is included without its last line break, so that it can stand within quotes.

use std::path::{Path, PathBuf};
use std::{env, fs};

const EDITION: &str = "plain/edition.sql";

const INCLUDE: &str = "@include ";

/// Of a shared file, calls that only CREATE EXTENSION allows.
const ONLY_OF_AN_EXTENSION: &str = "SELECT pg_catalog.pg_extension_config_dump(";

fn main() {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../ticket_ext");
    let script = assemble(&folder, EDITION);
    let path = PathBuf::from(variable("OUT_DIR")).join("ticket_rotation.sql");
    fs::write(&path, script).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn assemble(folder: &Path, file: &str) -> String {
    let path = folder.join(file);
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.starts_with(ONLY_OF_AN_EXTENSION));
    let lines: Vec<String> = lines.map(|line| fill(folder, file, line)).collect();
    lines.join("\n")
}

fn fill(folder: &Path, file: &str, line: &str) -> String {
    let Some((before, rest)) = line.split_once(INCLUDE) else { return line.to_owned() };
    let (included, after) = rest.split_once('@').unwrap_or_else(|| panic!("{file}: no @ ends {line}"));
    format!("{before}{}{}", assemble(folder, included), fill(folder, file, after))
}
