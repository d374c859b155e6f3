//! Settings of sessions and of columns that change how tokens are written, read or found.

use super::{call, verified};
use crate::common::Database;

const SETTINGS: [&str; 8] = [
    "SET bytea_output = escape",
    "SET standard_conforming_strings = off; SET backslash_quote = on",
    "SET client_encoding = LATIN1",
    "SET search_path = ''; SET ticket_ext.target = 'public.ticket'",
    "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off",
    "SET plan_cache_mode = force_custom_plan; SET jit = on; SET jit_above_cost = 0",
    "SET transform_null_equals = on; SET array_nulls = off",
    "SET synchronous_commit = off; SET row_security = off; SET check_function_bodies = off",
];

/// Each batch in a session that is set differently, of tokens that read differently then.
#[test]
fn the_settings_of_sessions_do_not_matter() {
    for (token, value) in [
        ("bytea", "decode(lpad(to_hex(g), 8, '0') || '5c00ff', 'hex')"),
        ("text", "'\\x5c é ' || g"),
        ("uuid", "gen_random_uuid()"),
    ] {
        let database = Database::create();
        database.execute(&format!(
            "CREATE TABLE ticket (id bigint PRIMARY KEY, token {token});
             INSERT INTO ticket SELECT g, {value} FROM generate_series(1, 20) AS g;
             CREATE TABLE leaked AS TABLE ticket; SELECT start_ticket_rotation(format => 'uuid')"
        ));
        let mut sessions = SETTINGS.map(|settings| {
            let mut session = database.connect();
            session.batch_execute(settings).expect("it can be set");
            session
        });
        let function = database
            .one("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'rotate_ticket_tokens'");
        assert!(function.starts_with("rotate_ticket_tokens("), "{function}");
        let restore = "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND leaked.id = 4";
        let schema = database.edition().schema();
        let rotate = format!("{schema}.rotate_ticket_tokens(NULL, 3)");
        for turn in 0..40 {
            if turn == 7 {
                database.execute(restore);
            }
            let which = turn % sessions.len();
            if call(&mut sessions[which], &rotate).expect("a batch").is_none() {
                break;
            }
        }
        for session in &mut sessions {
            let row = session
                .query_one(&format!("SELECT verified FROM {schema}.verify_ticket_rotation()"), &[])
                .expect("evidence");
            assert!(row.get::<_, bool>(0), "{token}");
        }
        assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0, "{token}");
        assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "21", "{token}");
        database.execute(restore);
        assert_eq!(verified(&database), "false", "{token}");
    }
}
