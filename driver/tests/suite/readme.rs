//! The examples of the README and of `docs/`, each page's in order: `sql` blocks by psql, `sh` blocks by a shell.
//!
//! `console` and `postgresql` blocks are not run: they show output, or take Docker, pg_cron, make or a server of one's
//! own. `text` is a drawing or a list.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::common::{Block, DRIVER, Database, Page, Server, repository};

#[test]
fn every_example_of_the_readme_runs() {
    let database = Database::create_empty_on(Server::shared()).for_superuser();
    let run = Examples::of(&database).run(&Page::read("README.md"));
    assert!(run.contains(&"sql".to_owned()) && run.contains(&"sh".to_owned()), "{run:?}");
    let evidence = "SELECT bool_and(verified) FROM verify_ticket_rotation()";
    assert_eq!(database.one(evidence), "true");
}

/// They go on from the README's: the extension is there, and a sample table.
#[test]
fn every_example_of_the_docs_runs() {
    for page in Page::docs() {
        let database = Database::create();
        database.complete(&["init", "--size", "1000"]);
        Examples::of(&database).run(&page);
    }
}

struct Examples<'a> {
    database: &'a Database<'static>,
    /// Where they are typed: a clone of the repository, as far as they go.
    folder: TempDir,
}

impl<'a> Examples<'a> {
    fn of(database: &'a Database<'static>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        symlink(repository().join("sql"), folder.path().join("sql")).expect("a link to the scripts");
        Self { database, folder }
    }

    /// Returns the languages of the blocks that were run.
    fn run(&self, page: &Page) -> Vec<String> {
        let mut run = Vec::new();
        for Block { language, text } in page.blocks() {
            let output = match language.as_str() {
                "sql" => self.by_psql(&text),
                "sh" => self.by_shell(&text),
                "console" | "postgresql" | "text" => continue,
                _ => panic!("{}: what is to be done with a block of {language:?}?", page.path),
            };
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}:\n{text}\n{stderr}", page.path);
            run.push(language);
        }
        run
    }

    /// From standard input: with `--command` all statements would be one transaction.
    fn by_psql(&self, text: &str) -> Output {
        let mut psql = self.database.program("psql");
        psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1"]).current_dir(self.folder.path());
        psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut psql = psql.spawn().expect("psql starts");
        psql.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("psql reads");
        psql.wait_with_output().expect("psql ends")
    }

    /// With the driver and psql on its path.
    fn by_shell(&self, text: &str) -> Output {
        let own = [Path::new(DRIVER).parent(), Some(Path::new(self.database.server.variable("PGBIN")))];
        let path = own.into_iter().flatten().chain([Path::new("/usr/bin"), Path::new("/bin")]);
        let mut shell = self.database.command("/bin/sh");
        shell.args(["-eu", "-c", text]).env("PATH", std::env::join_paths(path).expect("plain names"));
        shell.current_dir(self.folder.path()).stdin(Stdio::null()).output().expect("the shell runs")
    }
}
