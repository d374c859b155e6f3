//! Key, format and NULL of a run, by options.

use crate::common::Database;

/// Codes of 8 characters, of which some are missing, in a table whose primary key is of two columns.
fn with_codes() -> Database<'static> {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (shop integer, number integer, token varchar(8) UNIQUE, PRIMARY KEY (shop, number));
         CREATE INDEX ON ticket (number);
         INSERT INTO ticket SELECT i % 3, i, CASE WHEN i > 10 THEN upper(left(md5(i::text), 8)) END
             FROM generate_series(1, 100) AS i;
         CREATE TABLE leaked AS TABLE ticket; ANALYZE ticket",
    );
    database
}

#[test]
fn what_does_not_work_by_itself_is_refused_with_the_option_that_does() {
    let database = with_codes();
    database.end(&["run"], 1).says(&["has no key that orders its tickets", "key_column => 'number'"]);
    let key = ["run", "--key-column", "number"];
    database.end(&key, 1).says(&["are no UUIDs", "they look like {HEX:8}", "force => true"]);
    let format = [&key[..], &["--format", "{HEX:8}"]].concat();
    database.end(&format, 1).says(&["has 32 random bits", "force => true"]);
    assert_eq!(database.count("ticket_rotation"), 0);
}

#[test]
fn a_run_keeps_what_it_was_started_with() {
    let database = with_codes();
    let options = ["run", "--key-column", "number", "--format", "{HEX:8}", "--force"];
    let said = database.complete(&[&options[..], &["--verify"]].concat());
    let said = said.says(&[
        "NOTICE: 10 ticket(s) have no token and stay without one",
        "NOTICE: new tokens look like {HEX:8}: 32 random bits",
    ]);
    assert!(said.stdout.contains("without token     10\n"), "{}", said.stdout);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
    assert_eq!(database.count("ticket WHERE token ~ '^[0-9A-F]{8}$'"), 90);
    let status = database.complete(&["status"]).stdout;
    let shown = "key             number\nformat          {HEX:8}\nwithout token   10\n";
    assert!(status.contains(shown), "{status}");
    let again = database.complete(&["run", "--format", "{hex:8}", "--force"]);
    again.says(&["run 1 goes on as it was started: key number, format {HEX:8}"]);
}

#[test]
fn tickets_without_a_token_get_one_if_that_is_asked_for() {
    let database = with_codes();
    let options = ["run", "--key-column", "number", "--format", "{HEX:8}", "--force", "--fill-null"];
    database.complete(&options).says(&["NOTICE: 10 ticket(s) without a token get one"]);
    assert_eq!(database.count("ticket WHERE token IS NULL"), 0);
}

#[test]
fn copies_of_the_token_are_warned_of() {
    let database = Database::with_tickets(100);
    database.execute(
        "ALTER TABLE ticket ADD token_digest text, ADD link text; UPDATE ticket SET link = token;
         ALTER TABLE ticket ADD UNIQUE (token);
         CREATE TABLE mail (token uuid CONSTRAINT to_ticket REFERENCES ticket (token) ON UPDATE CASCADE)",
    );
    database.complete(&["run"]).says(&[
        "WARNING: table public.ticket has a copy or a digest of the tokens, as it seems, which this run does not change: token_digest, link",
        "WARNING: each new token scans the table of foreign key to_ticket of public.mail, which has no index: CREATE INDEX CONCURRENTLY ON public.mail (token);",
    ]);
}
