//! Whoever may create a schema can make one that looks like the plain-SQL edition. Its functions are not called.

use super::Owned;

/// A schema whose functions would tell that they were run, and by whom.
fn look_alike(schema: &str, role: &str) -> String {
    format!(
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role};
         GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};
         SET SESSION AUTHORIZATION {role};
         CREATE TABLE {schema}.ticket_rotation_version (version text, edition text, installed_at timestamptz);
         INSERT INTO {schema}.ticket_rotation_version VALUES ('{}', 'plain', now());
         CREATE FUNCTION {schema}.trap() RETURNS bigint LANGUAGE plpgsql AS
             $$BEGIN RAISE EXCEPTION 'trapped %', current_user; END$$;
         CREATE VIEW {schema}.batch_progress AS SELECT {schema}.trap() AS run_id, 0::oid::regclass AS target,
             ''::name AS token_column;
         GRANT USAGE ON SCHEMA {schema} TO PUBLIC;
         GRANT SELECT ON {schema}.ticket_rotation_version, {schema}.batch_progress TO PUBLIC;
         RESET SESSION AUTHORIZATION",
        env!("CARGO_PKG_VERSION")
    )
}

fn with_look_alike(schema: &str) -> (Owned, String) {
    let owned = Owned::create();
    let evil = owned.other("evil");
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid)");
    owned.database.execute(&look_alike(schema, &evil));
    (owned, evil)
}

#[test]
fn the_schema_of_a_strange_role_is_refused_and_its_owner_named() {
    let (owned, evil) = with_look_alike("ticket_ext");
    for role in [&owned.owner, "postgres"] {
        for command in ["status", "run"] {
            let said =
                format!("edition in schema ticket_ext belongs to role {evil}, and {role} does not trust");
            let ended = owned.driver_as(role, &[command]).expect(1).says(&[&said]);
            assert!(!ended.stderr.contains("trapped"), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_table_in_public_is_no_edition() {
    let (owned, evil) = with_look_alike("public");
    for role in [&owned.owner, "postgres", &evil] {
        owned.driver_as(role, &["status"]).expect(1).says(&["ticket_ext is not installed in database"]);
    }
}

#[test]
fn a_table_in_the_schema_of_somebody_else_is_no_edition() {
    let owned = Owned::create();
    let evil = owned.other("evil");
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid); CREATE SCHEMA shared");
    owned.database.execute(&look_alike("shared", &evil));
    owned.driver(&["status"]).expect(1).says(&["ticket_ext is not installed in database"]);
}

#[test]
fn the_role_s_own_edition_is_found_beside_a_look_alike() {
    let (owned, _) = with_look_alike("a");
    owned.driver(&["setup"]).expect(0);
    owned.driver(&["setup"]).expect(0);
    let ended = owned.driver(&["status"]);
    assert!(!ended.stderr.contains("trapped") && !ended.stderr.contains("trust"), "{}", ended.stderr);
}

#[test]
fn the_extension_wins_over_any_look_alike() {
    let (owned, _) = with_look_alike("a");
    owned.database.execute("CREATE EXTENSION ticket_ext SCHEMA public");
    owned.driver_as("postgres", &["status"]).expect(0);
}

#[test]
fn an_administrator_trusts_neither_the_owner_of_the_database_nor_that_of_the_table() {
    let owned = Owned::with_setup();
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid)");
    let [rotator, administrator] = ["rotator", "administrator"].map(|name| owned.other(name));
    owned
        .database
        .execute(&format!("ALTER ROLE {administrator} CREATEROLE; GRANT {} TO {administrator}", owned.owner));
    for (role, trusts) in [(&*rotator, true), (&administrator, false), ("postgres", false)] {
        let ended = owned.driver_as(role, &["status"]);
        assert_eq!(!ended.stderr.contains("does not trust"), trusts, "{role}: {}", ended.stderr);
    }
}

#[test]
fn a_role_trusts_its_members() {
    let owned = Owned::create();
    let [team, member] = ["team", "member"].map(|name| owned.other(name));
    owned.database.execute(&format!(
        "ALTER ROLE {team} CREATEROLE; GRANT {team} TO {member}; CREATE SCHEMA ticket_ext AUTHORIZATION {member}"
    ));
    owned.driver_as(&member, &["setup"]).expect(0);
    let ended = owned.driver_as(&team, &["status"]);
    assert!(!ended.stderr.contains("does not trust"), "{}", ended.stderr);
}
