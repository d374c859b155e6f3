//! `docs/troubleshooting.md` has a line for each error, with its SQLSTATE and its words.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::common::{Page, Server, repository};

#[test]
fn every_error_of_the_extension_is_on_the_page_with_its_sqlstate() {
    let codes = codes();
    for (variant, message) in errors("ticket_ext/src/error.rs") {
        let Some(code) = codes.get(&variant) else {
            assert!(!has_words(&message), "{variant} has no SQLSTATE in error_report.rs");
            continue;
        };
        assert_explained(&format!("| {code} | {message} |"));
    }
}

#[test]
fn every_error_of_the_driver_is_on_the_page() {
    for path in ["driver/src/error/mod.rs", "driver/src/error/edition.rs"] {
        for (_, message) in errors(path) {
            if has_words(&message) {
                assert_explained(&format!("| {message} |"));
            }
        }
    }
}

#[track_caller]
fn assert_explained(row: &str) {
    let page = Page::read("docs/troubleshooting.md");
    assert!(page.text.contains(row), "{} has no row that holds: {row}", page.path);
}

fn has_words(message: &str) -> bool {
    message.chars().any(char::is_alphabetic)
}

/// Variants and their words: `#[error("table {table} is …")]`, with … for each value.
fn errors(path: &str) -> Vec<(String, String)> {
    let source = source(path);
    let errors = source.split("#[error(\"").skip(1);
    errors
        .map(|rest| {
            let (message, rest) =
                rest.split_once("\")]").or_else(|| rest.split_once("\", ")).expect("it ends");
            let name = rest.lines().map(str::trim).find(|line| line.starts_with(char::is_uppercase));
            (identifier(name.expect("a variant follows")), shown(message))
        })
        .collect()
}

fn shown(message: &str) -> String {
    let mut parts = message.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| format!("…{}", part.split_once('}').map_or("", |(_, rest)| rest)));
    (first + &rest.collect::<String>()).replace("\\\"", "\"")
}

/// The SQLSTATE of each variant, by the arms of `explain`.
fn codes() -> HashMap<String, String> {
    let numbers = numbers();
    let (mut codes, mut arm) = (HashMap::new(), Vec::new());
    for line in source("ticket_ext/src/error_report.rs").lines() {
        if line.strip_prefix("        ").is_some_and(|line| line.starts_with(char::is_uppercase)) {
            arm = line.split('|').map(|pattern| identifier(pattern.trim())).collect();
        }
        if let Some((_, rest)) = line.split_once("Code::") {
            let number = &numbers[&identifier(rest)];
            codes.extend(arm.drain(..).map(|variant| (variant, number.clone())));
        }
    }
    codes
}

/// `42P01  E  ERRCODE_UNDEFINED_TABLE  undefined_table`, as the server lists them.
fn numbers() -> HashMap<String, String> {
    let output = Server::shared().program("pg_config").arg("--sharedir").output().expect("pg_config runs");
    let folder = String::from_utf8_lossy(&output.stdout);
    let list = fs::read_to_string(Path::new(folder.trim()).join("errcodes.txt")).expect("a list of codes");
    let words = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let codes = words.filter(|words| words.len() >= 3 && words[2].starts_with("ERRCODE_"));
    codes.map(|words| (words[2].to_owned(), words[0].to_owned())).collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn source(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
