//! A database in LATIN1, whose names have umlauts.

use crate::common::{Database, Server};

const TABLE: &str = r#""Schätze"."Tickets für Änne""#;

fn latin1(name: &str) -> Database<'static> {
    let server = Server::shared();
    Database::named(server, "postgres").execute(&format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ));
    let database = Database::named(server, name);
    database.execute(&format!(
        r#"CREATE EXTENSION ticket_ext;
           CREATE SCHEMA "Schätze";
           CREATE TABLE {TABLE} ("Schlüssel" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "tökén" varchar(60) UNIQUE);
           INSERT INTO {TABLE} ("tökén") SELECT 'gehört_' || md5(i::text) FROM generate_series(1, 50) AS i;
           CREATE TABLE leaked AS TABLE {TABLE}"#
    ));
    database
}

#[test]
fn umlauts_in_names_are_no_obstacle() {
    let database = latin1("latin1_names");
    let scope = ["--table", TABLE, "--token-column", "tökén"];
    let run = [&scope[..], &["run", "--batch", "20", "--format", "sk_{hex:32}"]].concat();
    database.complete(&run).says(&["rotating \"Schätze\".\"Tickets für Änne\" (tökén), 50 tickets"]);
    assert_eq!(database.count(&format!(r#"{TABLE} WHERE "tökén" ~ '^sk_[0-9a-f]{{32}}$'"#)), 50);
    assert!(database.complete(&[&scope[..], &["status"]].concat()).stdout.contains("Schlüssel"));
    database.complete(&[&scope[..], &["verify"]].concat());
    database.execute(&format!("UPDATE {TABLE} AS t SET \"tökén\" = l.\"tökén\" FROM leaked AS l WHERE t.\"Schlüssel\" = l.\"Schlüssel\""));
    database.end(&[&scope[..], &["verify"]].concat(), 3);
    database.complete(&[&scope[..], &["guard", "on"]].concat());
    database.complete(&[&scope[..], &["sweep"]].concat());
    database.complete(&[&scope[..], &["verify"]].concat());
}

#[test]
fn they_are_quoted_in_errors_so_that_a_statement_can_have_them() {
    let database = latin1("latin1_errors");
    let mut client = database.connect();
    let call = format!("SELECT rotate_ticket_tokens(NULL, 10, '{TABLE}', 'tökén')");
    let error = client.batch_execute(&call).expect_err("no UUIDs");
    let said = error.as_db_error().expect("by the server");
    assert_eq!(
        said.message(),
        r#"the tokens in column U&"t\00F6k\00E9n" of table U&"Sch\00E4tze".U&"Tickets f\00FCr \00C4nne" are no UUIDs"#
    );
    let hint = said.hint().expect("a hint").split_once(": ").expect("a statement").1.to_owned();
    let looks = hint.replace("sk_live_{base62:32}", "sk_{hex:32}");
    client.batch_execute(&looks).unwrap_or_else(|error| panic!("{looks}: {error:?}"));
    client.batch_execute(&call).expect("a run is there");
}
