//! The script, as it is printed for psql, migration tools and SQL consoles, and for pg_tle.

use std::fs;

use tempfile::NamedTempFile;

use super::Owned;
use crate::common::{Database, Ended, repository};

fn printed(arguments: &[&str]) -> String {
    Database::create_empty().for_superuser().complete(&[&["setup", "--print"], arguments].concat()).stdout
}

fn by_psql(owned: &Owned, text: &str) -> (bool, String) {
    let file = NamedTempFile::new().expect("a file for the script");
    fs::write(&file, text).expect("it can be written");
    let output = owned.psql().arg("--file").arg(file.path()).output().expect("psql runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn dumped(owned: &Owned) -> String {
    let mut dump = owned.database.program("pg_dump");
    let output =
        dump.args(["--schema-only", "--no-owner", "--schema=ticket_ext"]).output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).replace(&owned.owner, "owner");
    // A line that newer releases of pg_dump write has a random word.
    text.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_printed_script_makes_what_setup_makes() {
    let [by_script, by_setup] = [Owned::create(), Owned::with_setup()];
    let (success, stderr) = by_psql(&by_script, &printed(&[]));
    assert!(success, "{stderr}");
    assert_eq!(dumped(&by_script), dumped(&by_setup));
    by_script.driver(&["setup"]).expect(0);
}

#[test]
fn the_printed_script_changes_nothing_where_an_edition_is() {
    let owned = Owned::with_setup();
    let (success, stderr) = by_psql(&owned, &printed(&[]));
    assert!(
        !success && stderr.contains("has an edition of ticket_ext already: nothing was changed"),
        "{stderr}"
    );
    owned.database.execute("DROP SCHEMA ticket_ext CASCADE; CREATE EXTENSION ticket_ext");
    let (success, stderr) = by_psql(&owned, &printed(&[]));
    assert!(!success && stderr.contains("extension ticket_ext is installed in this database"), "{stderr}");
}

#[test]
fn the_script_in_the_repository_is_the_one_that_is_printed() {
    let path = repository().join("sql/ticket_rotation.sql");
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == printed(&[]), "{} is out of date: make script", path.display());
}

#[test]
fn another_schema_takes_its_place_everywhere() {
    let owned = Owned::create();
    let text = printed(&["--schema", "Odd name; --"]);
    assert!(!text.contains("\"ticket_ext\""));
    let (success, stderr) = by_psql(&owned, &text);
    assert!(success, "{stderr}");
    owned.driver(&["setup", "--schema", "Odd name; --"]).expect(0);
}

#[test]
fn printing_takes_no_server() {
    let mut command = Database::create_empty().for_superuser().driver(&["setup", "--print"]);
    command.env("PGHOST", "/nowhere");
    let output = command.output().expect("the driver runs");
    assert!(output.status.success() && output.stdout.starts_with(b"-- ticket_ext "));
}

/// pg_tle is on no server here: the text that it would get is installed as an extension of files.
#[test]
fn the_text_for_pg_tle_makes_an_extension_whose_ledger_is_dumped() {
    let text = printed(&["--tle"]);
    let (_, rest) = text.split_once("$ticket_ext_0$\n").expect("it begins");
    let (script, rest) = rest.split_once("\n$ticket_ext_0$);\n").expect("it ends");
    let (_, call) = rest.split_once("CREATE EXTENSION ticket_ext ").expect("it is created");
    assert_eq!(call, "SCHEMA \"ticket_ext\";\nCOMMIT;\n");
    let owned = Owned::create();
    let name = install_files(&owned, script);
    owned.execute(&format!("CREATE SCHEMA ticket_ext; CREATE EXTENSION {name} SCHEMA ticket_ext"));
    let dumped = owned
        .database
        .one(&format!("SELECT cardinality(extconfig) FROM pg_extension WHERE extname = '{name}'"));
    let tables = "pg_class WHERE relnamespace = 'ticket_ext'::regnamespace AND relkind IN ('r', 'S')";
    assert_eq!(dumped, (owned.database.count(tables) - 1).to_string(), "all but the version");
    let _: Ended = owned.driver(&["setup", "--schema", "ticket_ext"]);
}

fn install_files(owned: &Owned, script: &str) -> String {
    let name = format!("tle_{}", owned.database.name);
    let output = owned.database.program("pg_config").arg("--sharedir").output().expect("pg_config runs");
    let folder = std::path::PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("extension");
    let control = "default_version = '1.0.0'\nsuperuser = false\nrelocatable = false\n";
    fs::write(folder.join(format!("{name}.control")), control).expect("the private tree can be written");
    fs::write(folder.join(format!("{name}--1.0.0.sql")), script).expect("the private tree can be written");
    name
}
