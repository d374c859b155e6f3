//! The scripts of `ticket_ext/tests/pg_regress` with the plain-SQL edition, as the owner of the database, who is no
//! superuser: they print what is expected of the extension.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{Database, Edition, OWNER, Server, repository};

/// What only a superuser may do.
const BY_A_SUPERUSER: [&str; 7] = [
    "CREATE FOREIGN ",
    "CREATE SERVER ",
    "CREATE ROLE ",
    "DROP OWNED BY ",
    "DROP ROLE ",
    "SET session_replication_role ",
    "RESET session_replication_role;",
];

/// What belongs to the extension: as one, and what it does in its own memory. A call within a SECURITY DEFINER
/// function of the same role is not told from any other.
const OF_THE_EXTENSION: [&str; 6] = [
    "CREATE EXTENSION ticket_ext;",
    "SELECT extversion FROM pg_extension",
    "DROP EXTENSION ticket_ext;",
    "SELECT rotate_some();",
    "SELECT renew_ticket_token(",
    "SELECT ticket_is_due(",
];

/// Ends lines that are not of the script.
const MARK: &str = " -- not printed";

#[test]
fn the_scripts_of_the_extension_print_the_same() {
    for name in ["usage", "refusals", "guard"] {
        let script = read(&format!("sql/{name}.sql"));
        let (kept, left_out) = lines_to_run(&script);
        let expected = without(&read(&format!("expected/{name}.out")), &script, &left_out);
        let printed = run(&kept);
        let first = printed.lines().zip(expected.lines()).position(|(printed, expected)| printed != expected);
        assert_eq!(printed, expected, "{name}: they differ first in line {first:?}");
    }
}

fn read(file: &str) -> String {
    let path = repository().join("ticket_ext/tests/pg_regress").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Which lines run, and the numbers of those that are left out with the SQLSTATE that is printed of them.
fn lines_to_run(script: &str) -> (String, Vec<usize>) {
    let (mut kept, mut left_out) = (format!("SET SESSION AUTHORIZATION {OWNER};{MARK}\n"), Vec::new());
    for (number, line) in script.lines().enumerate() {
        let follows =
            line.starts_with("\\echo SQLSTATE") && left_out.last() == Some(&(number.wrapping_sub(1)));
        if follows || OF_THE_EXTENSION.iter().any(|start| line.starts_with(start)) {
            left_out.push(number);
        } else if BY_A_SUPERUSER.iter().any(|start| line.starts_with(start)) {
            kept += &format!("RESET SESSION AUTHORIZATION;{MARK}\n{line}\n{}", handed_over(line));
            kept += &format!("SET SESSION AUTHORIZATION {OWNER};{MARK}\n");
        } else {
            kept += &format!("{line}\n");
        }
    }
    (kept, left_out)
}

/// What was created is the owner's, as if it had been allowed to.
fn handed_over(line: &str) -> String {
    let words: Vec<&str> = line.trim_end_matches(';').split_whitespace().collect();
    match words[..] {
        ["CREATE", "FOREIGN", "TABLE", name, ..] => {
            format!("ALTER FOREIGN TABLE {name} OWNER TO {OWNER};{MARK}\n")
        }
        ["CREATE", "ROLE", name] => format!("GRANT {name} TO {OWNER};{MARK}\n"),
        _ => String::new(),
    }
}

/// What is expected, but for the lines that are left out and what is printed after each.
fn without(expected: &str, script: &str, left_out: &[usize]) -> String {
    let lines: Vec<&str> = script.lines().collect();
    let mut next = 0;
    let mut kept = String::new();
    let mut skips = false;
    for line in expected.lines() {
        if lines.get(next) == Some(&line) {
            skips = left_out.contains(&next);
            next += 1;
        }
        if !skips {
            kept += &format!("{line}\n");
        }
    }
    assert_eq!(next, lines.len(), "each line of the script is printed");
    kept
}

/// As pg_regress runs it, but for the context of errors, which only functions in PL/pgSQL have.
fn run(script: &str) -> String {
    let database = Database::with_functions_in_public(Edition::Plain, Server::shared());
    let mut psql = Command::new("sh");
    database.server.set_variables(&mut psql);
    psql.args(["-c", "exec \"$PGBIN/psql\" -X -a -q -v SHOW_CONTEXT=never 2>&1"])
        .envs([("PGDATABASE", &*database.name), ("PGTZ", "PST8PDT"), ("PGDATESTYLE", "Postgres, MDY")])
        .env("PGOPTIONS", "-c intervalstyle=postgres_verbose")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut running = psql.spawn().expect("psql starts");
    running.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("psql reads the script");
    let output = running.wait_with_output().expect("psql ends").stdout;
    let lines = String::from_utf8(output).expect("it prints text");
    lines.lines().filter(|line| !line.ends_with(MARK)).map(|line| format!("{line}\n")).collect()
}
