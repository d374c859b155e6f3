//! New tokens: of many sessions, with the library loaded before the sessions are forked; and what those of a batch have
//! in common.

use std::collections::HashSet;

use crate::common::{Database, Server};

#[test]
fn sessions_forked_from_a_server_that_preloaded_the_library_share_no_token() {
    let server = Server::start("preload", &["shared_preload_libraries=ticket_ext"]);
    let database = Database::create_on(&server);
    assert_eq!(database.one("SELECT current_setting('shared_preload_libraries')"), "ticket_ext");
    let mut sessions = [(); 20].map(|()| database.connect());
    let make = "SELECT new_ticket_token()::text FROM generate_series(1, 100)";
    let tokens: HashSet<String> = sessions
        .iter_mut()
        .flat_map(|session| session.query(make, &[]).expect("tokens are made"))
        .map(|row| row.get(0))
        .collect();
    assert_eq!(tokens.len(), 2000);
    let version_4 = |token: &String| token.as_bytes()[14] == b'4' && b"89ab".contains(&token.as_bytes()[19]);
    assert!(tokens.iter().all(version_4));
}

/// Ten batches of a run that would be one of so many tickets, in a column of that type.
fn rotated(column: &str, planned: i64, start: &str) -> Database<'static> {
    let database = Database::create();
    let make = if column == "bytea" { "uuid_send(gen_random_uuid())" } else { "gen_random_uuid()" };
    database.execute(&format!(
        "CREATE TABLE ticket (id serial PRIMARY KEY, token {column} NOT NULL UNIQUE);
         INSERT INTO ticket (token) SELECT {make} FROM generate_series(1, 20000)"
    ));
    // After 5 ms, in the midst of a batch, waits for locks are limited anew.
    let limit = format!("ALTER DATABASE {} SET deadlock_timeout = '80ms'", database.name);
    database.administrator().execute(&limit);
    database.one(&format!("start_ticket_rotation(ranges => 1{start})"));
    database.execute(&format!("UPDATE ticket_rotation SET tickets_planned = {planned}"));
    while !database.one("rotate_ticket_tokens(NULL, 2000)").is_empty() {}
    let text = if column == "bytea" { "encode(token, 'hex')" } else { "replace(token::text, '-', '')" };
    database.execute(&format!("CREATE VIEW new AS SELECT id, {text} AS token FROM ticket"));
    assert_eq!(database.count("new WHERE token ~ '^.{12}4.{3}[89ab].{15}$'"), 20_000, "version 4");
    database
}

/// How many digits the tokens of each batch have in common.
fn in_common(database: &Database) -> String {
    database.one(
        "SELECT digits FROM (
             SELECT digits
             FROM generate_series(0, 12) AS digits
             CROSS JOIN ticket_rotation_batch JOIN new ON id BETWEEN first_id AND last_id
             WHERE sweep = 0
             GROUP BY digits, last_id HAVING count(DISTINCT left(token, digits)) = 1) AS batch
         GROUP BY digits HAVING count(*) = 10 ORDER BY digits DESC LIMIT 1",
    )
}

#[test]
fn the_new_uuids_of_a_batch_begin_with_the_same_digits_in_a_large_table() {
    let tables =
        [("uuid", 524_287, "1"), ("text", 524_288, "2"), ("bytea", 33_554_432, "3"), ("uuid", i64::MAX, "4")];
    for (column, planned, expected) in tables {
        let database = rotated(column, planned, "");
        assert_eq!(in_common(&database), expected, "{column}, {planned} tickets");
        let leads = database.one("SELECT count(DISTINCT left(token, 1)) > 1 FROM new");
        assert_eq!(leads, "true", "each batch has its own");
    }
    assert_eq!(in_common(&rotated("uuid", 32_767, "")), "0");
}

#[test]
fn as_a_template_each_uuid_is_independent_of_the_others() {
    for column in ["uuid", "text", "bytea"] {
        assert_eq!(in_common(&rotated(column, 134_217_728, ", format => '{uuid}'")), "0", "{column}");
    }
}
