//! The bar on a pseudo-terminal, made by util-linux's `script`.

use std::process::{Command, Stdio};

use crate::common::{DRIVER, Database, Ended, Lock, Running, wait_for_blocked};

fn on_terminal(database: &Database, arguments: &str) -> Option<Running> {
    with_variables(database, "TERM=xterm", arguments)
}

/// With variables as `env` takes them.
fn with_variables(database: &Database, variables: &str, arguments: &str) -> Option<Running> {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no program script");
        return None;
    }
    let mut command = database.command("script");
    command.args(["-qec", &format!("stty cols 120; env {variables} {DRIVER} {arguments}"), "/dev/null"]);
    command.stdin(Stdio::null());
    Some(Running::start(command))
}

/// The positions that the bar went through, as `12.00 %`.
fn percentages(ended: &Ended) -> Vec<f64> {
    let before_sign = ended.stdout.split(" %").filter_map(|text| text.rsplit(' ').next());
    before_sign.filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn the_bar_shows_percent_count_and_rate_up_to_the_end() {
    let database = Database::with_tickets(2000);
    database.slow_down(30);
    let Some(running) = on_terminal(&database, "run --batch 50") else { return };
    let ended = running.wait().expect(0);
    let percentages = percentages(&ended);
    assert_eq!(percentages.first(), Some(&0.0));
    assert_eq!(percentages.last(), Some(&100.0));
    assert!(percentages.is_sorted() && percentages.len() > 2, "{percentages:?}");
    assert!(ended.stdout.contains("2,000 of 2,000 |"), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("rotate-driver: run 1 is finished; verify it with: rotate-driver verify\r\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_resumed_bar_starts_where_the_run_stands() {
    let database = Database::with_tickets(2000);
    database.one("SELECT rotate_ticket_tokens(0, 900)");
    let lock = Lock::ticket(&database, 901);
    let Some(running) = on_terminal(&database, "run") else { return };
    wait_for_blocked(&database, 1);
    drop(lock);
    let percentages = percentages(&running.wait().expect(0));
    assert_eq!((percentages.first(), percentages.last()), (Some(&45.0), Some(&100.0)));
}

#[test]
fn plain_lines_can_be_had_on_a_terminal() {
    let database = Database::with_tickets(100);
    let Some(running) = on_terminal(&database, "run --progress plain") else { return };
    let ended = running.wait().expect(0);
    assert!(ended.stdout.contains("completed: 100.00 % (100 of 100) | remaining time: 0 second(s)\r\n"));
    assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
}

#[test]
fn a_terminal_that_cannot_draw_gets_plain_lines() {
    for variables in ["-u TERM", "TERM=dumb"] {
        let database = Database::with_tickets(100);
        let Some(running) = with_variables(&database, variables, "run --progress bar") else { return };
        let ended = running.wait().expect(0);
        assert!(ended.stdout.contains("completed: 100.00 % (100 of 100) |"), "{}", ended.stdout);
        assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    }
}

#[test]
fn a_bar_that_goes_to_a_file_is_plain_lines() {
    let database = Database::with_tickets(100);
    let ended = database.complete(&["run", "--progress", "bar"]);
    assert!(ended.stdout.ends_with("completed: 100.00 % (100 of 100) | remaining time: 0 second(s)\n"));
}

#[test]
fn the_bar_has_no_colour_where_none_is_wanted() {
    for (variables, coloured) in [("TERM=xterm", true), ("TERM=xterm NO_COLOR=1", false)] {
        let database = Database::with_tickets(100);
        let Some(running) = with_variables(&database, variables, "run") else { return };
        assert_eq!(running.wait().expect(0).stdout.contains("\u{1b}[32m"), coloured, "{variables}");
    }
}
