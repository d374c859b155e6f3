//! Usage errors: exit code 2, before anything is asked of a server. The other codes have tests beside what they end:
//! 0 and 1 everywhere, 4 in control.rs, 129, 130 and 143 in interrupt.rs.

use std::process::Command;

use crate::common::{DRIVER, Database, Ended, Running};

/// With no server to be found.
fn nowhere(arguments: &[&str]) -> Ended {
    let mut command = Command::new("env");
    command.args(["-i", "PGHOST=/nowhere", "PGUSER=ann", DRIVER]).args(arguments);
    Running::start(command).wait()
}

#[test]
fn wrong_arguments_are_named_with_what_is_legal() {
    for (arguments, expected) in [
        (&["init", "--size", "0"][..], "0 is not in 1..=1000000000"),
        (&["init", "--size", "1000000000000"], "1000000000000 is not in 1..=1000000000"),
        (&["init", "--size", "many"], "invalid value 'many' for '--size <N>'"),
        (&["run", "--batch", "0"], "0 is not in 1..=100000"),
        (&["run", "--batch", "-5"], "'-5'"),
        (&["run", "--interval", "0"], "0 is not in 1..=86400"),
        (&["run", "--progress", "loud"], "[possible values: auto, bar, plain, json]"),
        (&["status", "--format", "xml"], "[possible values: text, json]"),
        (&["completions", "basic"], "[possible values: bash,"),
        (&["rotate"], "unrecognized subcommand 'rotate'"),
        (&["run", "--bach", "5"], "'--batch'"),
        (&[], "Usage: rotate-driver"),
    ] {
        nowhere(arguments).expect(2).says(&[expected]);
    }
}

#[test]
fn a_connection_string_that_cannot_be_read_is_not_quoted() {
    for url in [
        "postgresql://ann:s3cret@[::1/db",
        "postgresql://ann:s3cret/db",
        "postgresql://ann:s3cret@host:port/db",
        "postgresql://ann:s3cret@host/db?sslmode",
        "postgresql://ann:%ffs3cret@host/db",
        "host=/tmp password='s3cret",
        "host=/tmp password=s3cret word",
        "host=a,b,c port=1,2 password=s3cret",
    ] {
        let ended = nowhere(&["run", "--url", url]).expect(2);
        let ended = ended.says(&["HINT: Form: postgresql://user:password@host:port/database"]);
        assert!(!ended.stderr.contains("s3cret"), "{url}: {}", ended.stderr);
    }
}

#[test]
fn parameters_of_the_connection_are_checked_before_it_is_made() {
    for (url, expected) in [
        ("sslmode=on", "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"),
        ("sslmoed=require", "it has an unknown parameter; is \"sslmode\" meant?"),
        ("sslmode=require sslrootcert=system", "too weak for sslrootcert=system"),
        ("connect_timeout=soon", "connect_timeout is not a number"),
        ("target_session_attrs=best", "is none of any, read-write, read-only"),
        ("port=99999", "the port is not a number from 1 to 65535"),
    ] {
        nowhere(&["run", "--url", url]).expect(2).says(&[expected]);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["--version"], &["help", "run"], &["completions", "bash"]] {
        let ended = nowhere(arguments).expect(0);
        assert!(ended.stdout.contains("rotate-driver"), "{arguments:?}");
    }
}

#[test]
fn output_that_nobody_reads_ends_the_run_and_the_next_one_continues() {
    let database = Database::with_tickets(1000);
    let mut command = database.command("sh");
    command.args(["-c", &format!("{DRIVER} run --batch 100 > /dev/full")]);
    Running::start(command).wait().expect(1).says(&["cannot write the output", "continues after the last"]);
    assert_eq!(database.one("SELECT state FROM batch_progress"), "active");
    database.complete(&["run"]);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
}
