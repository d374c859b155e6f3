//! Runs from beginning to end.

use crate::common::{Database, Edition, Line, oracle};

#[test]
fn a_run_gives_every_ticket_a_new_token_and_says_so_line_by_line() {
    let database = Database::with_tickets(4000);
    oracle::watch(&database);
    let ended = database.complete(&["run", "--batch", "300"]);
    oracle::assert_rotated_once(&database);
    let lines = Line::parse_all(&ended.stdout);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((first.done, first.planned, first.remaining), (0, 4000, None));
    assert_eq!((last.done, last.planned, last.remaining), (4000, 4000, Some(0)));
    let mut said = ended.stderr.lines();
    let socket =
        format!("{}/.s.PGSQL.{}", database.server.variable("PGHOST"), database.server.variable("PGPORT"));
    let place = format!("in {} at {socket} as {}", database.name, database.role);
    assert_eq!(
        said.next(),
        Some(&*format!("rotate-driver: rotating public.ticket (token), 4,000 tickets, {place}"))
    );
    let trigger = "rotate-driver: warning: trigger audit fires for each of the tickets (function write_down)";
    assert_eq!(said.next(), Some(trigger));
    assert_eq!(said.next(), Some("rotate-driver: run 1 is finished; verify it with: rotate-driver verify"));
    assert_eq!(said.next(), None);
}

#[test]
fn a_batch_of_a_given_size_is_one_transaction() {
    let database = Database::with_tickets(1000);
    database.complete(&["run", "--batch", "64"]);
    let sizes =
        "SELECT string_agg(tickets::text, ' ' ORDER BY last_id) FROM ticket_rotation_batch WHERE sweep = 0";
    assert_eq!(database.one(sizes), format!("{}40", "64 ".repeat(15)));
    assert_eq!(
        database.count("(SELECT DISTINCT transaction_id FROM ticket_rotation_batch WHERE sweep = 0) AS t"),
        16
    );
    if database.edition() == Edition::Plain {
        // An exception block is a subtransaction, with a number of its own.
        return;
    }
    let strangers = "ticket JOIN ticket_rotation_batch AS b ON id BETWEEN first_id AND last_id AND sweep = 0
                     WHERE ticket.xmin <> b.transaction_id::xid";
    assert_eq!(database.count(strangers), 0);
}

#[test]
fn a_finished_run_is_left_alone_until_a_new_one_is_asked_for() {
    let database = Database::with_tickets(500);
    database.complete(&["run"]);
    database.execute("CREATE TABLE first_run AS SELECT id, token FROM ticket");
    let again = database.complete(&["run"]).says(&[
        "run 1 finished ",
        " s ago: nothing was rotated now; start another with: rotate-driver run --new",
    ]);
    assert_eq!(again.stdout, "completed: 100.00 % (500 of 500) | remaining time: 0 second(s)\n");
    assert_eq!(database.count("ticket JOIN first_run USING (id, token)"), 500);
    database.complete(&["run", "--new"]).says(&["run 2 is finished"]);
    assert_eq!(database.count("ticket JOIN first_run USING (token)"), 0);
    assert_eq!(database.count("ticket_rotation WHERE state = 'finished'"), 2);
}

#[test]
fn a_new_run_is_refused_while_one_is_unfinished() {
    let database = Database::with_tickets(500);
    database.one("SELECT rotate_ticket_tokens(0, 100)");
    database.end(&["run", "--new"], 1).says(&["55006", "run 1 of table public.ticket is not finished"]);
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "100");
}

#[test]
fn a_run_that_psql_began_is_continued_where_it_stands() {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    database.one("SELECT rotate_ticket_tokens(0, 700)");
    database.one("SELECT rotate_ticket_tokens(NULL, 700)");
    let ended = database.complete(&["run"]);
    assert_eq!(ended.stdout.lines().next(), Some("completed: 70.00 % (1400 of 2000) | remaining time: -"));
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_estimate_counts_down_and_progress_never_goes_back() {
    let database = Database::with_tickets(1000);
    database.slow_down(60);
    let ended = database.complete(&["run", "--batch", "20", "--interval", "1"]);
    let lines = Line::parse_all(&ended.stdout);
    assert!(lines.len() > 3, "{lines:?}");
    assert!(lines.is_sorted_by(|a, b| a.done <= b.done && a.planned == b.planned), "{lines:?}");
    // There is no estimate of a sweep.
    let mut rotating = lines[1..].iter().filter(|line| line.done < line.planned);
    assert!(rotating.all(|line| line.remaining.is_some()), "{lines:?}");
    assert!(lines[1].remaining > lines[lines.len() - 1].remaining, "{lines:?}");
}

#[test]
fn an_empty_table_has_nothing_left_and_starts_no_run() {
    let database = Database::create();
    database.execute("CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid)");
    let ended = database.complete(&["run"]).says(&["there is nothing to rotate: the table is empty"]);
    assert_eq!(ended.stdout, "");
    assert_eq!(database.count("ticket_rotation"), 0);
}
