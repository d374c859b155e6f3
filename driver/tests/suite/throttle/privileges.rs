//! What a role needs to read the signals.

use super::RUN;
use crate::common::{Database, Ended, Running, rotator};

fn end(database: &Database, role: &str, options: &[&str]) -> Ended {
    let mut command = database.driver(&[&RUN, options].concat());
    command.env("PGUSER", role);
    Running::start(command).wait()
}

#[test]
fn a_role_that_sees_nothing_of_others_is_told_the_grant_that_it_needs() {
    for (options, what) in [
        (
            ["--max-replica-lag", "1d"],
            "cannot read the replica lag: this role may not see how far replicas are",
        ),
        (
            ["--max-active", "1000"],
            "cannot read the number of active sessions: this role may not see sessions of others",
        ),
    ] {
        let database = Database::with_tickets(10);
        let role = rotator(&database, "public.ticket");
        let refused = end(&database, &role, &options).expect(1).says(&[what]);
        assert_eq!(database.count("ticket_rotation"), 0);
        let hint = refused.stderr.split("HINT: ").nth(1).expect("a hint");
        assert_eq!(hint.trim_end(), format!("GRANT pg_monitor TO \"{role}\";"));
        database.administrator().execute(hint);
        end(&database, &role, &options).expect(0);
    }
}

#[test]
fn where_the_position_of_the_wal_is_refused_as_on_aurora_its_own_function_is_named() {
    let database = Database::with_tickets(10);
    database.administrator().execute(
        "SET allow_system_table_mods = on;
         ALTER FUNCTION pg_catalog.pg_current_wal_lsn() RENAME TO pg_own_wal_lsn;
         CREATE FUNCTION pg_catalog.pg_current_wal_lsn() RETURNS pg_lsn LANGUAGE plpgsql AS
             'BEGIN RAISE ''not supported'' USING ERRCODE = ''object_not_in_prerequisite_state''; END'",
    );
    let refused = end(&database, &database.role, &["--max-replica-lag", "10s"]).expect(1);
    refused.says(&["cannot read the replica lag: ERROR 55000", "FROM aurora_replica_status()"]);
    assert_eq!(database.count("ticket_rotation"), 0);
    end(&database, &database.role, &[]).expect(0);
}
