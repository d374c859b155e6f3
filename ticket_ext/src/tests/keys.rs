use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::context::Context;
    use crate::target::TargetArgs;
    use crate::tests::*;

    const UUIDS: &str = "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), token uuid DEFAULT gen_random_uuid()";

    /// 50 tickets of a table with these columns, as they leaked. `number` tells them apart.
    fn leak(columns: &str, rest: &str) {
        run(&format!("CREATE TABLE ticket ({columns}, number integer) {rest}"));
        if !rest.is_empty() {
            run("CREATE TABLE ticket_1 PARTITION OF ticket DEFAULT");
        }
        run("INSERT INTO ticket (number) SELECT generate_series(1, 50); CREATE TABLE leaked AS TABLE ticket");
    }

    fn still_leaked() -> i64 {
        count("ticket JOIN leaked USING (number, token)")
    }

    fn verified() -> Option<String> {
        one("SELECT concat_ws(' ', verified, tickets_rotated, old_tokens, not_rotated, ledger_gaps)
             FROM verify_ticket_rotation()")
    }

    /// Runs with an interruption, and a ticket that comes up behind the batches.
    fn rotates(columns: &str, rest: &str, key: &str) {
        leak(columns, rest);
        run(&format!("SELECT start_ticket_rotation('ticket', key_column => {key})"));
        rotate("NULL, 7");
        run("DO 'BEGIN PERFORM rotate_ticket_tokens(NULL, 7); RAISE division_by_zero;
             EXCEPTION WHEN division_by_zero THEN END'");
        while rotate("NULL, 7").is_some() {}
        assert_eq!(still_leaked(), 0, "{columns}");
        assert_eq!(verified().as_deref(), Some("t 50 0 0 0"), "{columns}");
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.number = 3 AND leaked.number = 3",
        );
        assert_eq!(verified().as_deref(), Some("f 50 1 0 0"), "{columns}");
        let shown = "SELECT old_token_keys = ARRAY[(SELECT id::text FROM ticket WHERE number = 3)] FROM verify_ticket_rotation()";
        assert_eq!(one::<bool>(shown), Some(true), "{columns}");
        run("DROP TABLE ticket, leaked");
    }

    #[pg_test]
    fn every_kind_of_key() {
        let token = "token uuid DEFAULT gen_random_uuid()";
        for (columns, rest, key) in [
            ("id smallserial PRIMARY KEY", "", "NULL"),
            ("id serial PRIMARY KEY", "", "NULL"),
            ("id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "", "NULL"),
            ("id uuid PRIMARY KEY DEFAULT gen_random_uuid()", "", "NULL"),
            ("id uuid PRIMARY KEY DEFAULT gen_random_uuid()", "PARTITION BY LIST (id)", "NULL"),
            (
                "id serial, at timestamptz DEFAULT now(), PRIMARY KEY (id, at)",
                "PARTITION BY RANGE (at)",
                "NULL",
            ),
            (
                "id bigint DEFAULT 1 + random() * 1000, at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (id, at)",
                "PARTITION BY RANGE (at)",
                "NULL",
            ),
            ("at timestamptz DEFAULT now(), id serial UNIQUE, PRIMARY KEY (at, id)", "", "NULL"),
            ("id serial UNIQUE", "", "NULL"),
            ("id integer UNIQUE NOT NULL DEFAULT random() * 2000000000", "", "'id'"),
        ] {
            rotates(&format!("{columns}, {token}"), rest, key);
        }
    }

    #[pg_test]
    fn a_key_that_is_not_unique() {
        run("CREATE SEQUENCE orders");
        leak("id integer NOT NULL DEFAULT nextval('orders') / 4, token uuid DEFAULT gen_random_uuid()", "");
        run("CREATE INDEX ON ticket (id); SELECT start_ticket_rotation(key_column => 'id')");
        while rotate("NULL, 5").is_some() {}
        assert_eq!(still_leaked(), 0);
        assert_eq!(verified().as_deref(), Some("t 50 0 0 0"));
        assert_eq!(
            count("ticket_rotation_batch WHERE cardinality(new_digests) = tickets"),
            count("ticket_rotation_batch")
        );
    }

    /// Four tickets of one order, rotated, while the run is not at its end.
    fn one_order() {
        run(
            "CREATE TABLE ticket (id integer NOT NULL, number integer, token uuid DEFAULT gen_random_uuid());
             CREATE INDEX ON ticket (id);
             INSERT INTO ticket SELECT 1, generate_series(1, 4);
             CREATE TABLE leaked AS TABLE ticket;
             SELECT start_ticket_rotation(key_column => 'id')",
        );
        rotate("NULL, 2");
        assert_eq!(still_leaked(), 0, "a batch ends with all tickets of its last key");
    }

    fn sweep() -> i64 {
        run("CREATE TABLE before AS TABLE ticket");
        while rotate("NULL, 2").is_some() {}
        count("ticket JOIN before USING (number) WHERE ticket.token <> before.token")
    }

    #[pg_test]
    fn of_one_key_only_the_ticket_that_came_up_behind_the_batch_is_swept() {
        one_order();
        run("INSERT INTO ticket VALUES (1, 5)");
        assert_eq!(sweep(), 1);
        assert_eq!(count("ticket JOIN before USING (number, token) WHERE number = 5"), 0);
        assert_eq!(verified().as_deref(), Some("t 5 0 0 0"));
    }

    #[pg_test]
    fn of_one_key_only_the_ticket_with_its_old_token_is_swept() {
        one_order();
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.number = ticket.number AND leaked.number = 2;
             UPDATE ticket SET token = gen_random_uuid() WHERE number = 3");
        assert_eq!(sweep(), 1);
        assert_eq!(still_leaked(), 0);
        assert_eq!(verified().as_deref(), Some("t 5 0 0 0"));
        run("INSERT INTO ticket VALUES (1, 6)");
        let columns = "SELECT concat_ws(' ', verified, created_since) FROM verify_ticket_rotation()";
        assert_eq!(one::<String>(columns).as_deref(), Some("t 1"), "it came after the sweep");
    }

    #[pg_test]
    fn with_a_trigger_too_no_ticket_of_a_key_is_rotated_twice() {
        run(
            "CREATE TABLE ticket (id integer NOT NULL, number integer, token uuid DEFAULT gen_random_uuid());
             CREATE INDEX ON ticket (id);
             INSERT INTO ticket SELECT 1 + i / 5, i FROM generate_series(1, 20) AS i;
             CREATE TABLE changes (number integer);
             CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO changes VALUES (NEW.number);
                        IF NEW.number = 3 THEN INSERT INTO ticket VALUES (1, 99); END IF; RETURN NEW; END';
             CREATE TRIGGER count_change BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION count_change();
             CREATE TABLE leaked AS TABLE ticket;
             SELECT start_ticket_rotation(key_column => 'id')",
        );
        while rotate("NULL, 3").is_some() {}
        assert_eq!(count("changes"), 21);
        assert_eq!(count("(SELECT DISTINCT number FROM changes) AS changed"), 21);
        assert_eq!(verified().as_deref(), Some("t 21 0 0 0"));
    }

    #[pg_test]
    fn uuids_whose_first_bits_are_the_same() {
        run(&format!("CREATE TABLE ticket ({UUIDS}, number integer)"));
        run("INSERT INTO ticket SELECT ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, gen_random_uuid(), i
                 FROM generate_series(0, 9) AS i;
             INSERT INTO ticket SELECT ('ffffffff-ffff-ffff-ffff-' || lpad(i::text, 12, 'f'))::uuid, gen_random_uuid(), 10 + i
                 FROM generate_series(0, 9) AS i;
             CREATE TABLE leaked AS TABLE ticket");
        rotate("NULL, 3");
        assert_eq!(still_leaked(), 10, "as many as have the first bits in common");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.number = ticket.number AND leaked.number = 4;
             CREATE TABLE before AS TABLE ticket");
        while rotate("NULL, 3").is_some() {}
        assert_eq!(still_leaked(), 0);
        assert_eq!(count("ticket JOIN before USING (number) WHERE ticket.token <> before.token"), 11);
        assert_eq!(verified().as_deref(), Some("t 21 0 0 0"));
    }

    #[pg_test]
    fn ids_below_the_first_uuid_hold_nothing() {
        leak(UUIDS, "");
        run("INSERT INTO ticket VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 51);
             CREATE TABLE before AS TABLE ticket");
        rotate("-5, 100");
        while rotate("NULL, 100").is_some() {}
        assert_eq!(verified().as_deref(), Some("t 51 0 0 0"), "the lowest one only once");
    }

    #[pg_test]
    fn batches_of_uuids_are_ranges_of_their_index() {
        leak(UUIDS, "");
        run("INSERT INTO ticket (number) SELECT generate_series(51, 20000); ANALYZE ticket");
        for text in [
            include_str!("../queries/interval.sql").to_owned(),
            include_str!("../queries/rotate.sql")
                .replace("@made@", "")
                .replace("@those@", include_str!("../queries/those_in.sql").trim_end()),
            include_str!("../queries/due_tickets.sql").to_owned(),
        ] {
            let statement = Spi::connect_mut(|client| {
                Context::for_rotation(client, &TargetArgs::new(None, None)).map(|context| context.sql(&text))
            })
            .expect("the table can be rotated");
            run("SET LOCAL plan_cache_mode = force_generic_plan");
            run(&format!("PREPARE batch (uuid, uuid, bigint) AS {statement}"));
            let plan = Spi::connect(|client| {
                let explain = "EXPLAIN (COSTS OFF) EXECUTE batch (gen_random_uuid(), gen_random_uuid(), 10)";
                let rows = client.select(explain, None, &[]).expect("a plan");
                rows.filter_map(|row| row.get::<String>(1).ok().flatten()).collect::<Vec<_>>().join("\n")
            });
            assert!(plan.contains("Index Cond: ((id >= $1) AND (id <= $2))"), "{plan}");
            run("DEALLOCATE batch");
        }
    }

    #[pg_test]
    fn the_key_of_the_run_serves_all_later_calls() {
        leak(
            "id serial PRIMARY KEY, other uuid UNIQUE NOT NULL DEFAULT gen_random_uuid(), token uuid DEFAULT gen_random_uuid()",
            "",
        );
        run("SELECT start_ticket_rotation(key_column => 'other')");
        rotate("NULL, 10");
        run("ALTER TABLE ticket RENAME other TO another");
        while rotate("NULL, 10").is_some() {}
        assert_eq!(verified().as_deref(), Some("t 50 0 0 0"));
        assert_eq!(count("ticket JOIN ticket_rotation_batch ON ticket_key(another) = ANY (keys)"), 50);
    }

    #[pg_test(
        error = "run 1 of table public.ticket went by the key \"other\", which cannot order its tickets any more"
    )]
    fn a_key_that_has_lost_its_index_is_noticed() {
        leak(
            "id serial PRIMARY KEY, other bigserial UNIQUE NOT NULL, token uuid DEFAULT gen_random_uuid()",
            "",
        );
        run(
            "ALTER SEQUENCE ticket_rotation_run_id_seq RESTART; SELECT start_ticket_rotation(key_column => 'other')",
        );
        rotate("NULL, 10");
        run("ALTER TABLE ticket DROP CONSTRAINT ticket_other_key");
        rotate("NULL, 10");
    }

    #[pg_test]
    fn people_see_the_uuid_that_a_leaked_token_belonged_to() {
        leak(UUIDS, "");
        while rotate("NULL, 20").is_some() {}
        let traced = "SELECT string_agg(state || ' ' || key, ', ')
                      FROM leaked, trace_ticket_token(token::text) WHERE number = 7";
        let key = one::<String>("SELECT id::text FROM leaked WHERE number = 7").expect("a key");
        assert_eq!(one::<String>(traced), Some(format!("retired {key}")));
        run("DELETE FROM ticket WHERE number = 7");
        assert_eq!(one::<String>(traced), Some(format!("retired {}...", &key[..17])));
    }
}
