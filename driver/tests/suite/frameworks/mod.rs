//! Tables as Rails and Django make them, from the first refusal to the verification.

use crate::common::Database;

fn with(tables: &str) -> Database<'static> {
    let database = Database::create();
    database.execute(tables);
    database
}

/// What is refused without a format names the one to paste; with it all tokens are replaced, and nothing else is.
#[track_caller]
fn assert_rotated(database: &Database, table: &str, format: &str, pattern: &str) {
    database.execute(&format!("CREATE TABLE leaked AS TABLE {table}"));
    database.end(&["run", "--table", table], 1).says(&["are no UUIDs", &format!("they look like {format}")]);
    database.complete(&["run", "--table", table, "--format", format, "--batch", "60"]);
    let verified = database.complete(&["verify", "--table", table]).stdout;
    assert!(verified.contains("verified"), "{verified}");
    let had_one = "leaked.token <> ''";
    assert_eq!(database.count(&format!("{table} JOIN leaked USING (token) WHERE {had_one}")), 0);
    let due = database.count(&format!("leaked WHERE {had_one}"));
    assert_eq!(database.count(&format!("{table} WHERE token ~ '{pattern}'")), due);
    let rest = format!(
        "(SELECT to_jsonb(t) - 'token' FROM {table} AS t EXCEPT SELECT to_jsonb(l) - 'token' FROM leaked AS l) AS other"
    );
    assert_eq!(database.count(&rest), 0);
}

#[test]
fn secure_tokens_of_rails_are_rotated_and_leave_the_timestamps_alone() {
    let database = with(include_str!("rails.sql"));
    assert_rotated(&database, "users", "{base58:24}", "^[1-9A-HJ-NP-Za-km-z]{24}$");
}

#[test]
fn hexadecimal_tokens_of_django_are_rotated_by_a_uuid_key() {
    let database = with(include_str!("django.sql"));
    assert_rotated(&database, "shop_invitation", "{hex:64}", "^[0-9a-f]{64}$");
}

#[test]
fn rows_of_django_without_a_token_stay_without_one_whether_it_is_null_or_blank() {
    let database = with(include_str!("django.sql"));
    assert_rotated(&database, "shop_order", "{hex:64}", "^[0-9a-f]{64}$");
    assert_eq!(database.count("shop_order WHERE token IS NULL"), 100);
    assert_eq!(database.count("shop_order WHERE token = ''"), 100);
    let status = database.complete(&["status", "--table", "shop_order"]).stdout;
    assert!(status.contains("without token   200\n"), "{status}");
}
