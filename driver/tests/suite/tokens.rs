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

/// How many different digits the new tokens of each batch have in their first, second and last place, at most.
fn digits(column: &str, tickets: i64, start: &str) -> [String; 3] {
    let database = Database::create();
    database.execute(&format!(
        "CREATE TABLE ticket (id serial PRIMARY KEY, token {column} NOT NULL UNIQUE);
         INSERT INTO ticket (token) SELECT {} FROM generate_series(1, {tickets})",
        if column == "bytea" { "uuid_send(gen_random_uuid())" } else { "gen_random_uuid()" }
    ));
    database.one(&format!("start_ticket_rotation({start})"));
    while !database.one("rotate_ticket_tokens(NULL, 5000)").is_empty() {}
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
    let text = if column == "bytea" { "encode(token, 'hex')" } else { "token::text" };
    ["left(token, 1)", "substr(token, 2, 1)", "right(token, 1)"].map(|digit| {
        database.one(&format!(
            "SELECT max(digits) FROM (
                 SELECT count(DISTINCT {digit}) AS digits
                 FROM ticket_rotation_batch JOIN (SELECT id, {text} AS token FROM ticket) AS ticket
                      ON id BETWEEN first_id AND last_id
                 WHERE sweep = 0 GROUP BY last_id) AS batch"
        ))
    })
}

#[test]
fn the_new_uuids_of_a_batch_begin_with_the_same_digit_in_a_large_table() {
    for column in ["uuid", "text", "bytea"] {
        assert_eq!(digits(column, 32_768, ""), ["1", "16", "16"], "{column}");
    }
    assert_eq!(digits("uuid", 32_767, ""), ["16", "16", "16"]);
}

#[test]
fn as_a_template_each_uuid_is_independent_of_the_others() {
    for column in ["uuid", "text"] {
        assert_eq!(digits(column, 32_768, "format => '{uuid}'"), ["16", "16", "16"], "{column}");
    }
}
