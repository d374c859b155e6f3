//! The script as people get it: for psql, a migration tool or an SQL console, and for pg_tle.

use super::SchemaName;
use super::script::script;
use crate::session::{Version, fill};

/// For a schema that is there: tables, functions and the row that says what this is.
pub fn body(schema: &SchemaName) -> String {
    format!("{}\n{}", script(schema.as_str()), filled(include_str!("../sql/setup_record.sql"), schema, &[]))
}

/// One transaction, which refuses a database that has an edition already.
pub fn print(schema: &SchemaName) -> String {
    let lock = include_str!("../sql/setup_lock.sql");
    let begin = filled(include_str!("../sql/setup_begin.sql"), schema, &[("lock", lock)]);
    format!("{begin}{}\nCOMMIT;\n", body(schema))
}

/// The same as an extension of pg_tle, which can be updated and removed as one.
pub fn print_for_pg_tle(schema: &SchemaName) -> String {
    let dump = filled(include_str!("../sql/setup_tle_dump.sql"), schema, &[]);
    let text = format!("{}\n{dump}", body(schema));
    let quote = quote_for(&text);
    filled(include_str!("../sql/setup_tle.sql"), schema, &[("quote", &quote), ("text", &text)])
}

fn filled(text: &str, schema: &SchemaName, more: &[(&str, &str)]) -> String {
    let (version, schema) = (Version::own(), format!("\"{}\"", schema.as_str()));
    let own = [("schema", &*schema), ("version", version.text())];
    fill(text, &[&own[..], more].concat())
}

/// A dollar quote that does not occur in the text.
fn quote_for(text: &str) -> String {
    let tags = (0..).map(|number| format!("$ticket_ext_{number}$"));
    tags.into_iter().find(|tag| !text.contains(tag.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> SchemaName {
        "rotation".parse().unwrap()
    }

    #[test]
    fn what_is_printed_is_one_transaction() {
        let text = print(&schema());
        let lines = |wanted: &str| text.lines().filter(|line| *line == wanted).count();
        assert_eq!((lines("BEGIN;"), lines("COMMIT;")), (1, 1));
        assert!(text.ends_with("\nCOMMIT;\n") && text.contains("CREATE SCHEMA \"rotation\";"));
    }

    #[test]
    fn the_text_for_pg_tle_ends_where_its_quote_does() {
        let text = print_for_pg_tle(&schema());
        assert_eq!(text.matches("$ticket_ext_0$").count(), 2);
        assert_eq!(quote_for("a $ticket_ext_0$ b"), "$ticket_ext_1$");
        // pg_tle puts the text into quotes of its own.
        assert!(!text.contains("$_pgtle_"));
    }
}
