//! Tokens of many sessions, with the library loaded before the sessions are forked.

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
