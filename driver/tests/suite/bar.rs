//! The bar on a pseudo-terminal, made by util-linux's `script`.

use std::process::{Command, Stdio};

use crate::common::{DRIVER, Database, Ended, Lock, Running, wait_for_blocked};

fn on_terminal(database: &Database, arguments: &str) -> Option<Running> {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no program script");
        return None;
    }
    let mut command = database.command("script");
    command.args(["-qec", &format!("stty cols 120; {DRIVER} {arguments}"), "/dev/null"]);
    command.env("TERM", "xterm").stdin(Stdio::null());
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
