//! The examples of the README, in order: `sql` blocks by psql, `sh` blocks by the driver.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use crate::common::{Database, Server, repository};

struct Block {
    language: String,
    text: String,
}

#[test]
fn every_example_runs() {
    let database = Database::create_empty_on(Server::shared());
    let blocks = blocks();
    assert!(blocks.iter().any(|block| block.language == "sql"));
    assert!(blocks.iter().any(|block| block.language == "sh"));
    for Block { language, text } in blocks {
        match language.as_str() {
            "sql" => run_psql(&database, &text),
            "sh" => text.lines().for_each(|line| run_driver(&database, line)),
            _ => {}
        }
    }
    let evidence = "SELECT bool_and(verified) FROM verify_ticket_rotation()";
    assert_eq!(database.one(evidence), "true");
}

/// From standard input: with `--command` all statements would be one transaction.
fn run_psql(database: &Database, text: &str) {
    let mut psql = database.program("psql");
    psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut psql = psql.stderr(Stdio::piped()).spawn().unwrap();
    psql.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    succeeds(text, psql.wait_with_output().unwrap());
}

fn run_driver(database: &Database, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words.first(), Some(&"rotate-driver"), "{line}");
    succeeds(line, database.driver(&words[1..]).output().unwrap());
}

fn succeeds(example: &str, output: Output) {
    assert!(output.status.success(), "{example}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn blocks() -> Vec<Block> {
    let readme = fs::read_to_string(repository().join("README.md")).expect("there is a README");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in readme.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some(Block { language: language.into(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}
