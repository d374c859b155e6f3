//! The guard beside an autovacuum, which has the lock that the guard's triggers need.

use crate::common::{Database, Server, poll};

const AT_WORK: &str = "pg_stat_activity WHERE query LIKE 'autovacuum: VACUUM% public.ticket%'";

#[test]
fn an_autovacuum_gives_way_to_the_guard() {
    let server = Server::start("guard_autovacuum", &["fsync=off", "autovacuum_naptime=1s"]);
    let database = Database::create_on(&server);
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid());
         INSERT INTO ticket SELECT generate_series(1, 100000);",
    );
    // A page each 100 ms: it would take minutes.
    database.execute(
        "ALTER TABLE ticket SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
                                 autovacuum_vacuum_insert_threshold = 1, autovacuum_vacuum_insert_scale_factor = 0,
                                 autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
    );
    poll("an autovacuum at work", || database.count(AT_WORK) > 0);
    let patience = format!("ALTER DATABASE {} SET deadlock_timeout = '1s'", database.name);
    database.administrator().execute(&patience);
    database.one("SELECT guard_ticket_tokens()");
    assert_eq!(database.count("pg_trigger WHERE tgrelid = 'ticket'::regclass"), 2);
}
