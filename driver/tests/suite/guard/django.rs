//! A real ORM, from the benchmark's virtual environment.

use std::process::Command;

use crate::common::{DRIVER, Database, Running, repository};

/// What Django finds stored of tickets 1 to 9 after it has saved them as they were before the run.
fn saved(options: &[&str]) -> Option<String> {
    let python = repository().join("target/bench/bin/python");
    let has_django = Command::new(&python).args(["-c", "import django, psycopg"]).output();
    if !has_django.is_ok_and(|output| output.status.success()) {
        eprintln!("Django is not tested: it is not in target/bench, which driver/bench/run makes");
        return None;
    }
    let database = Database::with_tickets(100);
    let mut command = database.command(python);
    command.arg(repository().join("driver/tests/suite/guard/save_objects.py")).arg(DRIVER).args(options);
    Some(Running::start(command).wait().expect(0).stdout)
}

#[test]
fn objects_that_django_loaded_before_a_run_are_saved_without_their_old_tokens() {
    let Some(stored) = saved(&["--guard"]) else { return };
    let kept: String = (1..=7).map(|id| format!("{id} live edited\n")).collect();
    assert_eq!(
        stored,
        format!("{kept}8 other edited\n9 other edited\n"),
        "8 was deleted, 9 has a token of its own"
    );
}

#[test]
fn without_the_guard_django_brings_them_back() {
    let Some(stored) = saved(&[]) else { return };
    let back: String = (1..=8).map(|id| format!("{id} old edited\n")).collect();
    assert_eq!(stored, format!("{back}9 other edited\n"));
}
