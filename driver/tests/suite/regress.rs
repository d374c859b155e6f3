//! What a user of psql sees: the scripts of `ticket_ext/tests/pg_regress`, by PostgreSQL's own test driver.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::common::{Database, Server, repository};

const SCRIPTS: [&str; 5] = ["usage", "refusals", "grants", "guard", "comments"];

#[test]
fn every_script_prints_what_is_expected() {
    let server = Server::shared();
    let folder = repository().join("ticket_ext/tests/pg_regress");
    let output = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pg_regress");
    fs::create_dir_all(&output).expect("a folder for the results");
    let mut failed = Vec::new();
    for script in SCRIPTS {
        let database = Database::create_empty_on(server);
        let mut command = Command::new(pg_regress(server));
        server.set_variables(&mut command);
        command
            .arg("--use-existing")
            .arg(format!("--bindir={}", server.variable("PGBIN")))
            .arg(format!("--inputdir={}", folder.display()))
            .arg(format!("--outputdir={}", output.display()))
            .arg(format!("--dbname={}", database.name))
            .arg(format!("--host={}", server.variable("PGHOST")))
            .arg("--user=postgres")
            .arg(script)
            .env("REPOSITORY", repository());
        let result = command.output().expect("pg_regress runs");
        if !result.status.success() {
            let differences = fs::read_to_string(output.join("regression.diffs")).unwrap_or_default();
            failed.push(format!("{script}: {}\n{differences}", String::from_utf8_lossy(&result.stderr)));
        }
    }
    assert!(failed.is_empty(), "results are in {}\n{}", output.display(), failed.join("\n"));
}

fn pg_regress(server: &Server) -> PathBuf {
    let output = server.program("pg_config").arg("--pgxs").output().expect("pg_config runs");
    let makefile = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let sources =
        makefile.parent().and_then(|makefiles| makefiles.parent()).expect("pgxs lies in src/makefiles");
    sources.join("test/regress/pg_regress")
}
