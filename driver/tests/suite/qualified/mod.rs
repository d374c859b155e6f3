//! No statement reaches a function, operator, type or table by a name that the caller's search_path decides on.
//!
//! The driver's statements go through poolers, which keep no search_path for it, and the recipes through anybody's
//! psql. The extension's own run by a path of their own, but for the files named here.

mod check;
mod lexer;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::repository;
use check::unqualified;

/// What runs by the caller's path: the UPDATE of a batch, with the triggers of the target, and the procedure, which
/// commits and so can have no path of its own.
const BY_THE_CALLERS_PATH: [&str; 4] = [
    "src/queries/rotate.sql",
    "src/queries/commit_synchronously.sql",
    "sql/procedures.sql",
    "sql/grants.sql",
];
/// Of the driver's, what runs in a transaction whose first statements set a path for it (leaked_settings.sql).
const BY_A_PATH_OF_ITS_OWN: [&str; 4] =
    ["leaked_settings.sql", "leaked_place.sql", "leaked_live.sql", "leaked_retired.sql"];
/// Put together from the extension's statements, which have a path of their own, and the driver's.
const MADE: &str = "ticket_rotation.sql";
/// Statements in their source text.
const IN_SOURCES: [&str; 2] = ["src/interval.rs", "src/target.rs"];

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension));
    own.chain(folders.iter().flat_map(|folder| self::files(folder, extension))).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file can be read")
}

/// Literals that begin as a statement, in what is no test.
fn statements(source: &str) -> Vec<String> {
    let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    let literals = source.split('"').skip(1).step_by(2);
    let verbs = [
        "SELECT ", "WITH ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "COPY ", "CALL ", "ANALYZE ", "SET ",
    ];
    literals.filter(|text| verbs.iter().any(|verb| text.starts_with(verb))).map(str::to_owned).collect()
}

#[track_caller]
fn assert_qualified(path: &Path, text: &str) {
    assert_eq!(unqualified(text), [""; 0], "{}", path.display());
}

#[test]
fn the_drivers_statements_are_qualified() {
    let sources = repository().join("driver/src");
    let sql = files(&sources, "sql");
    assert!(sql.len() > 10, "{sql:?}");
    let own = |path: &&PathBuf| BY_A_PATH_OF_ITS_OWN.iter().any(|name| path.ends_with(name));
    sql.iter().filter(|path| !own(path)).for_each(|path| assert_qualified(path, &read(path)));
    assert!(
        read(&sources.join("sql/leaked_settings.sql"))
            .contains("\nSET LOCAL search_path = pg_catalog, pg_temp;\n")
    );
    for path in files(&sources, "rs") {
        statements(&read(&path)).iter().for_each(|statement| assert_qualified(&path, statement));
    }
}

#[test]
fn the_recipes_are_qualified() {
    let recipes = files(&repository().join("sql"), "sql");
    let own = recipes.iter().filter(|path| !path.ends_with(MADE));
    own.for_each(|path| assert_qualified(path, &read(path)));
}

#[test]
fn what_the_extension_runs_by_the_callers_path_is_qualified() {
    let folder = repository().join("ticket_ext");
    for path in BY_THE_CALLERS_PATH.map(|file| folder.join(file)) {
        assert_qualified(&path, &read(&path));
    }
    for path in IN_SOURCES.map(|file| folder.join(file)) {
        statements(&read(&path)).iter().for_each(|statement| assert_qualified(&path, statement));
    }
}

#[test]
fn what_is_not_qualified_is_found() {
    for (statement, expected) in [
        ("SELECT now()", "function now"),
        ("SELECT pg_catalog.now(), nullif(1, 2)", "function nullif"),
        ("SELECT FROM pg_class", "table pg_class"),
        ("SELECT FROM pg_catalog.a, b", "table b"),
        ("SELECT FROM pg_catalog.a JOIN b ON true", "table b"),
        ("SELECT FROM pg_catalog.a CROSS JOIN LATERAL f(1)", "function f"),
        ("INSERT INTO a SELECT", "table a"),
        ("UPDATE a SET b = 1", "table a"),
        ("SELECT 1 = 2", "operator ="),
        ("UPDATE s.a SET b = 1 WHERE c = 2", "operator ="),
        ("SELECT a - 1", "operator -"),
        ("SELECT $1->>'a'", "operator ->>"),
        ("SELECT a::text", "type text"),
        ("SELECT a IN (1)", "operator of IN"),
        ("SELECT a BETWEEN b AND c", "operator of BETWEEN"),
        ("SELECT a LIKE 'b'", "operator of LIKE"),
        ("SELECT a IS NOT DISTINCT FROM b", "operator of DISTINCT"),
        ("SELECT CASE a WHEN 1 THEN 2 END", "operator of CASE"),
        ("SELECT FROM s.a JOIN s.b USING (id)", "operator of USING"),
    ] {
        assert!(
            unqualified(statement).contains(&expected.to_owned()),
            "{statement}: {:?}",
            unqualified(statement)
        );
    }
}

#[test]
fn what_is_qualified_passes() {
    for statement in [
        "WITH a AS (SELECT FROM s.b) SELECT pg_catalog.count(*) FROM a, pg_catalog.c AS d (x) WHERE x IS NULL",
        "SELECT extract(epoch FROM a)::double precision, coalesce(b, -1), c[1] FROM s.t",
        "UPDATE @schema@.t SET a = 1, b = $1 WHERE c OPERATOR(pg_catalog.=) ANY (ARRAY[1])",
        "SELECT CASE WHEN a THEN 1 END FROM :schema.t JOIN LATERAL s.f(1) AS f ON true ORDER BY 1 FOR UPDATE",
        "SELECT * FROM (SELECT) AS one",
    ] {
        assert_eq!(unqualified(statement), [""; 0], "{statement}");
    }
}
