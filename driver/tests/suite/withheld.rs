//! What the server says of a row, a value or a trigger does not come out of the driver.

use crate::common::{Database, Running, rotator};

/// By the driver.
const WITHHELD: &str = "DETAIL: Withheld, because it can contain a token; see the server's log.";

/// What the old token and the new one's neighbour look like.
const SECRETS: [&str; 2] = ["old-token", "second-secret"];

fn with_secrets() -> Database<'static> {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token text NOT NULL, code text);
         INSERT INTO ticket
             SELECT i, 'old-token-' || i, 'second-secret-' || i FROM generate_series(1, 5) AS i;
         SELECT start_ticket_rotation(format => 'uuid')",
    );
    database
}

fn trigger(body: &str) -> String {
    format!(
        "CREATE FUNCTION show() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NEW; END$$;
         CREATE TRIGGER show BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION show()"
    )
}

/// In each style of progress.
#[track_caller]
fn assert_withheld(what: &str, expected: &[&str]) {
    let database = with_secrets();
    database.execute(what);
    for style in ["plain", "json"] {
        let ended = database.end(&["run", "--progress", style, "--retry-for", "0"], 1).says(expected);
        assert_shows_no_secret(&database, &(ended.stdout + &ended.stderr));
    }
}

#[track_caller]
fn assert_shows_no_secret(database: &Database, shown: &str) {
    let token = database.one("SELECT coalesce(max(token), '') FROM ticket");
    assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
    assert!(!shown.contains(&token) && !has_uuid(shown), "{shown}");
}

#[test]
fn the_words_of_a_trigger_or_of_a_value_that_fits_no_type_are_withheld() {
    for (what, code) in [
        ("ALTER TABLE ticket ADD CHECK (token::int8 > 0) NOT VALID".to_owned(), "22P02: (message"),
        (trigger("RAISE 'was %, is %', OLD.token, NEW.token USING HINT = OLD.code;"), "P0001: (message"),
        (trigger("RAISE '%', OLD.code USING ERRCODE = '57014';"), "57014: (message"),
        (trigger("RAISE '%', OLD.code USING ERRCODE = '23514';"), "23514: (message"),
        (trigger("ASSERT false, OLD.token;"), "P0004: (message"),
        (trigger("EXECUTE format('SELECT %s', OLD.token);"), "42703: (message"),
        (trigger("EXECUTE format('SELECT %s', OLD.code || '''');"), "42601: (message"),
        (trigger("PERFORM OLD.code::int;"), "22P02: (message"),
    ] {
        assert_withheld(&what, &[code, WITHHELD]);
    }
}

/// What a run waits for is shown by the driver and published for others.
#[test]
fn what_a_trigger_says_of_a_lock_is_not_taken_for_what_the_run_waits_for() {
    let database = with_secrets();
    database.execute(&trigger("RAISE '%', OLD.code USING ERRCODE = '55P03', DETAIL = OLD.token;"));
    let ended = database.end(&["run", "--progress", "plain", "--retry-for", "4"], 75);
    let ended = ended.says(&["ERROR 55P03: (message withheld); trying again in"]);
    let status = database.complete(&["status"]);
    assert_shows_no_secret(&database, &(ended.stdout + &ended.stderr + &status.stdout));
}

#[test]
fn a_violated_constraint_is_named_without_the_row() {
    for (what, code) in [
        ("ALTER TABLE ticket ADD CHECK (length(token) < 20)", "23514: new row for relation"),
        ("CREATE UNIQUE INDEX ON ticket ((1)) WHERE token !~ 'old'", "23505: duplicate key"),
    ] {
        let own = ["DETAIL: The row is withheld", "HINT: The new tokens have to satisfy the constraints"];
        assert_withheld(what, &[&[code], &own[..]].concat());
    }
}

#[test]
fn psql_is_not_shown_the_row_of_a_violated_constraint_either() {
    let database = with_secrets();
    database.execute("ALTER TABLE ticket ADD CHECK (length(token) < 20)");
    let mut psql = database.program("psql");
    psql.args(["--no-psqlrc", "--set=VERBOSITY=verbose", "--set=ON_ERROR_STOP=1"]);
    psql.args(["--command", "SELECT rotate_ticket_tokens(0, 5)"]);
    let ended =
        Running::start(psql).wait().expect(1).says(&["23514: new row", "DETAIL:  The row is withheld"]);
    assert_shows_no_secret(&database, &(ended.stdout + &ended.stderr));
}

/// By the server itself: the extension's function has returned.
#[test]
fn a_constraint_that_is_violated_at_the_commit_is_named_without_the_row() {
    let database = with_secrets();
    database.execute(
        "UPDATE ticket SET code = 'second-secret';
         ALTER TABLE ticket ADD EXCLUDE USING btree (
             (CASE WHEN token ~ '^old' THEN token ELSE code END) WITH =
         ) DEFERRABLE INITIALLY DEFERRED",
    );
    let role = rotator(&database, "public.ticket");
    let mut command = database.driver(&["run", "--retry-for", "0"]);
    command.env("PGUSER", role);
    let ended = Running::start(command).wait().expect(1);
    let ended = ended.says(&["23P01: conflicting key value violates exclusion constraint", WITHHELD]);
    assert_shows_no_secret(&database, &(ended.stdout + &ended.stderr));
}

/// As a new token is one.
fn has_uuid(text: &str) -> bool {
    let hexadecimal = |c: char| c.is_ascii_hexdigit();
    text.split(|c: char| !hexadecimal(c) && c != '-')
        .any(|word| word.len() == 36 && word.matches('-').count() == 4)
}

#[test]
fn what_holds_no_row_is_told_in_full() {
    let database = with_secrets();
    database.execute("ALTER TABLE ticket RENAME COLUMN token TO other");
    database
        .end(&["run"], 1)
        .says(&["42703: table public.ticket has no column \"token\"", "DETAIL: The column"]);
    // From PostgreSQL 17 on, a name that cannot be read is one that is not there.
    let stderr = database.end(&["run", "--table", "a b"], 1).stderr;
    assert!(
        stderr.contains("42602: invalid name syntax") || stderr.contains("there is no table a b"),
        "{stderr}"
    );
}
