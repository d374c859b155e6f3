//! The expression for new tokens.

use crate::common::{Database, Edition, Server};

#[test]
fn large_tables_have_more_digits_in_common_as_with_the_extension() {
    let database = Database::create_with(Edition::Plain, Server::shared());
    let digits = "SELECT string_agg(ticket_lead_digits(tickets)::text, ' ' ORDER BY place)
                  FROM unnest('{NULL,0,32767,32768,524287,524288,8388608,134217728,9223372036854775807}'::bigint[])
                       WITH ORDINALITY AS run (tickets, place)";
    assert_eq!(database.one(digits), "0 0 0 1 1 2 3 4 4");
}

/// Statements are logged, by auto_explain or with a warning.
#[test]
fn the_text_of_a_statement_has_no_part_of_a_token() {
    let database = Database::create_with(Edition::Plain, Server::shared());
    let texts = r#"SELECT count(DISTINCT ticket_new_token('{"kind": "uuid"}', '{"token_format": "uuid", "tickets_planned": 1000000000}'))
                   FROM generate_series(1, 10)"#;
    assert_eq!(database.one(texts), "1");
}
