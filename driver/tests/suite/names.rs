//! Which table and column are rotated, and names that need care.

use crate::common::{Database, Running};

const ODD_TABLE: &str = r#""Odd ""schema""; --"."select 'x'""#;
const ODD_COLUMN: &str = r#"Token "of" user's"#;

fn with_odd_table() -> Database<'static> {
    let database = Database::create();
    database.execute(&format!(
        r#"CREATE SCHEMA "Odd ""schema""; --";
           CREATE TABLE {ODD_TABLE} ("User Id" integer PRIMARY KEY, "Token ""of"" user's" text, token uuid);
           INSERT INTO {ODD_TABLE} SELECT i, 'old ' || i FROM generate_series(-400, 599) AS i"#
    ));
    database
}

fn assert_rotated(database: &Database) {
    let old = format!(r#"{ODD_TABLE} WHERE "Token ""of"" user's" LIKE 'old%' OR token IS NOT NULL"#);
    assert_eq!(database.count(&old), 0);
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "1000");
}

#[test]
fn any_legal_name_can_be_given_by_option() {
    let database = with_odd_table();
    let scope = ["--table", ODD_TABLE, "--token-column", ODD_COLUMN];
    database.complete(&[&scope[..], &["run", "--batch", "70", "--format", "uuid"]].concat());
    assert_rotated(&database);
    let status = database.complete(&[&scope[..], &["status"]].concat()).stdout;
    assert!(status.contains(ODD_TABLE) && status.contains("100.00 % (1000 of 1000)"), "{status}");
}

#[test]
fn settings_of_the_database_choose_the_target() {
    let database = with_odd_table();
    let quoted = |text: &str| text.replace('\'', "''");
    for (name, value) in [("target", ODD_TABLE), ("token_column", ODD_COLUMN)] {
        let value = quoted(value);
        let setting = format!("ALTER DATABASE {} SET ticket_ext.{name} = '{value}'", database.name);
        database.administrator().execute(&setting);
    }
    database.complete(&["run", "--format", "uuid"]);
    assert_rotated(&database);
}

#[test]
fn an_option_wins_over_the_setting() {
    let database = with_odd_table();
    database.make_tickets(100);
    let nowhere = format!("ALTER DATABASE {} SET ticket_ext.target = 'nowhere'", database.name);
    database.administrator().execute(&nowhere);
    database.end(&["run"], 1).says(&["there is no table nowhere"]);
    database.complete(&["run", "--table", "ticket"]);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
}

#[test]
fn a_table_is_looked_up_by_search_path_and_a_column_by_its_plain_name() {
    let database = Database::create();
    database.execute(
        r#"CREATE SCHEMA shop; CREATE TABLE shop.voucher (id smallint PRIMARY KEY, "user" uuid);
           INSERT INTO shop.voucher SELECT i, gen_random_uuid() FROM generate_series(1, 300) AS i;
           CREATE TABLE leaked AS TABLE shop.voucher"#,
    );
    let arguments = ["run", "--table", "voucher", "--token-column", "user"];
    database.end(&arguments, 1).says(&["there is no table voucher", "--table schema.name"]);
    let mut command = database.driver(&arguments);
    command.env("PGOPTIONS", "-c search_path=shop");
    Running::start(command).wait().expect(0);
    assert_eq!(database.count(r#"shop.voucher JOIN leaked USING ("user")"#), 0);
}

#[test]
fn two_targets_have_runs_of_their_own() {
    let database = with_odd_table();
    database.make_tickets(200);
    database.complete(&["run", "--batch", "150"]);
    database
        .complete(&["run", "--table", ODD_TABLE, "--token-column", ODD_COLUMN, "--format", "uuid"])
        .says(&["run 2"]);
    database.complete(&["run"]).says(&["run 1 finished ", "ago: nothing was rotated now"]);
}

#[test]
fn a_table_of_the_same_name_in_another_schema_is_told_unless_the_schema_was_given() {
    let database = Database::with_tickets(100);
    database.execute(r#"CREATE SCHEMA "Old"; CREATE TABLE "Old".ticket (); CREATE SCHEMA v; CREATE VIEW v.ticket AS SELECT"#);
    database.complete(&["run"]).says(&[
        "rotating public.ticket (token), 100 tickets, in ",
        "warning: other schemas have a table of this name, too: \"Old\"; to be sure: --table public.ticket\n",
    ]);
    let told = database.complete(&["run", "--new", "--table", "public.ticket"]);
    assert!(!told.stderr.contains("warning"), "{}", told.stderr);
}
