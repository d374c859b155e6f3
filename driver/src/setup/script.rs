//! The script of the plain-SQL edition, as `build.rs` has put it together.

const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/ticket_rotation.sql"));

/// The script for a schema, which has to be there. It is one transaction's: its settings are local.
///
/// The name also stands within literals and quoted function bodies, so that it must hold none of `" ' $ \ @`.
pub fn script(schema: &str) -> String {
    TEXT.replace("@extschema@", &format!("\"{schema}\""))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What the extension does in Rust, within its own memory.
    const OF_THE_EXTENSION: [&str; 3] = ["own_extension.sql", "src/queries/rotate.sql", "due_tickets.sql"];

    const SHARED: [&str; 2] = ["src/queries", "src/citus/queries"];

    fn files(folder: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ticket_ext").join(folder);
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let text = |path: &Path| (path.display().to_string(), fs::read_to_string(path).unwrap());
        paths.map(|path| text(&path)).collect()
    }

    #[test]
    fn the_schema_is_filled_in_everywhere() {
        let script = script("rotation");
        assert!(script.contains("CREATE TABLE \"rotation\".ticket_rotation ("));
        assert!(!script.contains("@extschema@") && !script.contains("@include"));
        assert!(!script.contains("pg_extension_config_dump"));
    }

    #[test]
    fn every_shared_statement_is_in_it() {
        for (path, text) in SHARED.into_iter().flat_map(files) {
            let shared = !OF_THE_EXTENSION.iter().any(|own| path.ends_with(own));
            assert_eq!(TEXT.contains(text.trim_end()), shared, "{path}");
        }
    }

    /// Its words are those of the extension, with the same fields.
    #[test]
    fn every_error_reads_as_in_the_extension() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ticket_ext");
        let source = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let known = source("src/error.rs") + &source("src/error_report.rs");
        let known = known.replace("\\\"", "\"");
        let (_, errors) = TEXT.split_once("('NoSuchTable'").expect("the first error");
        let (errors, _) = errors.split_once("-- of this edition alone").expect("the last error");
        let texts = errors.replace("''", "\u{1}");
        let texts = texts.split('\'').skip(1).step_by(2).map(|text| text.replace('\u{1}', "'"));
        let texts: Vec<String> = texts.filter(|text| text.contains(' ')).collect();
        assert!(texts.len() > 100, "{texts:?}");
        let other: Vec<&String> = texts.iter().filter(|text| !known.contains(text.as_str())).collect();
        assert!(other.is_empty(), "{other:#?}");
    }

    #[test]
    fn no_statement_of_its_own_copies_a_shared_one() {
        let shared: Vec<(String, String)> = SHARED.into_iter().flat_map(files).collect();
        let lines = shared.iter().flat_map(|(_, text)| text.lines().map(str::trim));
        let lines: Vec<&str> = lines.filter(|line| line.len() > 50).collect();
        for (path, text) in files("plain") {
            let copied: Vec<&&str> = lines.iter().filter(|line| text.contains(**line)).collect();
            assert!(copied.is_empty(), "{path}: {copied:?}");
        }
    }
}
