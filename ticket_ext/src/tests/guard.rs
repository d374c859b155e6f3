use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// Ten tickets, rotated and guarded, with other columns than the token.
    fn guarded(action: &str) {
        create_tickets("generate_series(1, 10)");
        run("ALTER TABLE ticket ADD price integer DEFAULT 1");
        finish();
        guard(action);
    }

    fn guard(action: &str) {
        run(&format!("SELECT guard_ticket_tokens(action => '{action}')"));
        run("CREATE TABLE live AS SELECT id, token FROM ticket");
    }

    fn finish() {
        while rotate("NULL, 4").is_some() {}
    }

    /// Tickets that hold the token which they had when the guard was put on.
    fn live() -> i64 {
        count("ticket JOIN live USING (id, token)")
    }

    fn leaked() -> i64 {
        count("ticket JOIN leaked USING (token)")
    }

    fn held_off() -> Option<i64> {
        one("SELECT sum(held_off)::bigint FROM batch_progress")
    }

    #[pg_test]
    fn an_object_that_was_loaded_before_the_rotation_is_saved_with_the_live_token() {
        guarded("keep");
        run("UPDATE ticket SET id = leaked.id, token = leaked.token, price = 7
             FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN (3, 4)");
        assert_eq!(live(), 10);
        assert_eq!(count("ticket WHERE price = 7"), 2, "everything else is stored");
        let progress = "SELECT concat_ws(' ', held_off, held_off_key IN ('3', '4'), held_off_at > started_at)
                        FROM batch_progress";
        assert_eq!(one::<String>(progress).as_deref(), Some("2 t t"));
    }

    #[pg_test]
    fn a_ticket_with_a_uuid_key_is_guarded() {
        run("CREATE TABLE ticket (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), token uuid DEFAULT gen_random_uuid());
             INSERT INTO ticket SELECT FROM generate_series(1, 10);
             CREATE TABLE leaked AS TABLE ticket");
        finish();
        guard("keep");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!((live(), held_off()), (10, Some(10)));
    }

    /// The message of the error that a write meets with.
    fn refusal(write: &str) -> Option<String> {
        run(
            "CREATE FUNCTION refusal(write text) RETURNS text LANGUAGE plpgsql AS
                 'BEGIN EXECUTE write; RETURN NULL; EXCEPTION WHEN check_violation THEN RETURN SQLERRM; END'",
        );
        one(&format!("SELECT regexp_replace(refusal('{write}'), 'run [0-9]+', 'run N')"))
    }

    const REFUSED: &str = "the token of ticket 3 of table public.ticket was retired by run N";

    #[pg_test]
    fn a_write_of_a_retired_token_can_be_refused() {
        guarded("refuse");
        let write = "UPDATE ticket SET token = leaked.token FROM leaked
                     WHERE leaked.id = ticket.id AND ticket.id = 3";
        assert_eq!(refusal(write).as_deref(), Some(REFUSED));
        assert_eq!(live(), 10);
    }

    #[pg_test]
    fn a_row_from_an_old_dump_can_be_refused() {
        guarded("refuse");
        run("DELETE FROM ticket WHERE id = 3");
        assert_eq!(refusal("INSERT INTO ticket SELECT * FROM leaked WHERE id = 3").as_deref(), Some(REFUSED));
    }

    #[pg_test]
    fn new_tickets_and_tokens_that_are_made_anew_pass() {
        guarded("refuse");
        run("UPDATE ticket SET token = gen_random_uuid() WHERE id <= 5;
             UPDATE ticket SET token = NULL WHERE id = 6;
             INSERT INTO ticket (id) VALUES (0), (11)");
        assert_eq!(live(), 4);
        run("UPDATE ticket SET token = live.token FROM live WHERE live.id = ticket.id");
        assert_eq!(live(), 10, "a live token that was overwritten may come back");
        assert_eq!(held_off(), Some(0));
    }

    #[pg_test]
    fn a_row_that_is_restored_gets_a_new_token() {
        guarded("keep");
        run(
            "DELETE FROM ticket WHERE id IN (3, 4); INSERT INTO ticket SELECT * FROM leaked WHERE id IN (3, 4)",
        );
        assert_eq!((count("ticket"), live(), leaked()), (10, 8, 0));
        assert_eq!(held_off(), Some(2));
    }

    #[pg_test]
    fn an_upsert_of_old_rows_leaves_the_live_tokens() {
        guarded("keep");
        run("DELETE FROM ticket WHERE id = 4");
        run("INSERT INTO ticket SELECT id, token, 7 FROM leaked
             ON CONFLICT (id) DO UPDATE SET token = excluded.token, price = excluded.price");
        assert_eq!((count("ticket WHERE price = 7"), live(), leaked()), (10, 9, 0));
        assert_eq!(held_off(), Some(10));
    }

    #[pg_test]
    fn an_upsert_of_other_columns_is_not_refused() {
        guarded("refuse");
        run("INSERT INTO ticket SELECT id, token, 7 FROM leaked
             ON CONFLICT (id) DO UPDATE SET price = excluded.price;
             INSERT INTO ticket SELECT * FROM leaked ON CONFLICT DO NOTHING");
        assert_eq!((count("ticket WHERE price = 7"), live()), (10, 10));
    }

    // PostgreSQL 15 brought MERGE.
    #[cfg(not(any(feature = "pg13", feature = "pg14")))]
    #[pg_test]
    fn a_merge_of_old_rows_leaves_the_live_tokens() {
        guarded("keep");
        run("DELETE FROM ticket WHERE id = 4");
        run("MERGE INTO ticket USING leaked ON ticket.id = leaked.id
             WHEN MATCHED THEN UPDATE SET token = leaked.token, price = 7
             WHEN NOT MATCHED THEN INSERT VALUES (leaked.id, leaked.token, 7)");
        assert_eq!((count("ticket WHERE price = 7"), live(), leaked()), (10, 9, 0));
    }

    #[pg_test]
    fn what_another_trigger_makes_of_the_row_is_looked_at() {
        guarded("keep");
        run("CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN SELECT leaked.token INTO NEW.token FROM leaked WHERE leaked.id = NEW.id; RETURN NEW; END';
             CREATE TRIGGER zzz BEFORE UPDATE OF price ON ticket FOR EACH ROW EXECUTE FUNCTION put_back();
             UPDATE ticket SET price = 7");
        assert_eq!((live(), held_off()), (10, Some(10)));
    }

    #[pg_test]
    fn tokens_that_any_run_has_retired_are_held_off() {
        create_tickets("generate_series(1, 10)");
        finish();
        run("SELECT start_ticket_rotation()");
        rotate("NULL, 4");
        run("SELECT cancel_ticket_rotation()");
        guard("keep");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!(live(), 10);
        run("SELECT start_ticket_rotation()");
        rotate("NULL, 4");
        run("UPDATE ticket SET token = live.token FROM live WHERE live.id = ticket.id AND ticket.id <= 4");
        assert_eq!(
            count("ticket JOIN live USING (id, token)"),
            6,
            "of a run that started under the guard, too"
        );
    }

    #[pg_test]
    fn tokens_that_a_sweep_has_retired_are_held_off() {
        create_tickets("generate_series(10, 20)");
        rotate("NULL, 20");
        run("INSERT INTO ticket VALUES (5), (6); INSERT INTO leaked SELECT * FROM ticket WHERE id < 10");
        finish();
        guard("keep");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!((live(), held_off()), (13, Some(13)));
    }

    #[pg_test]
    fn text_and_bytea_tokens_are_guarded_too() {
        create_tickets("generate_series(1, 10)");
        for (column, kind, format) in [
            ("word", "varchar(40)", "tok-{base62:30}"),
            ("padded", "char(40)", "{hex:32}"),
            ("bytes", "bytea", "{bytes:20}"),
        ] {
            run(&format!(
                "ALTER TABLE ticket ADD {column} {kind} UNIQUE;
                          UPDATE ticket SET {column} = ('leaked ' || id)::{kind};
                          DROP TABLE leaked; CREATE TABLE leaked AS TABLE ticket"
            ));
            run(&format!("SELECT start_ticket_rotation(token_column => '{column}', format => '{format}')"));
            while rotate(&format!("NULL, 4, NULL, '{column}'")).is_some() {}
            run(&format!("SELECT guard_ticket_tokens(token_column => '{column}');
                          CREATE TABLE kept AS TABLE ticket;
                          UPDATE ticket SET {column} = leaked.{column} FROM leaked WHERE leaked.id = ticket.id"));
            assert_eq!(count(&format!("ticket JOIN kept USING (id, {column})")), 10, "{column}");
            run("DELETE FROM ticket; INSERT INTO ticket SELECT * FROM leaked; DROP TABLE kept");
            assert_eq!(
                count(&format!("ticket JOIN leaked USING (id) WHERE ticket.{column} = leaked.{column}")),
                0
            );
            assert_eq!(
                count(&format!("ticket WHERE octet_length({column}) NOT IN (20, 34, 40)")),
                0,
                "of the format"
            );
        }
        assert_eq!(
            count("ticket_guard WHERE target = 'ticket'::regclass AND action = 'keep' AND enabled"),
            3
        );
    }

    #[pg_test]
    fn tickets_with_a_uuid_or_no_key_of_their_own_are_guarded_too() {
        run("CREATE TABLE ticket (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), shop integer NOT NULL, token uuid);
             CREATE INDEX ON ticket (shop);
             INSERT INTO ticket (shop, token) SELECT g / 3, gen_random_uuid() FROM generate_series(1, 9) AS g;
             CREATE TABLE leaked AS TABLE ticket");
        finish();
        run("SELECT start_ticket_rotation(key_column => 'shop')");
        finish();
        run("SELECT guard_ticket_tokens(); CREATE TABLE live AS TABLE ticket;
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id;
             DELETE FROM ticket WHERE shop = 1; INSERT INTO ticket SELECT * FROM leaked WHERE shop = 1");
        assert_eq!((count("ticket"), live(), leaked(), held_off()), (9, 6, 0, Some(12)));
        assert_eq!(
            count("ticket_rotation_held_off JOIN ticket ON key = id::text"),
            12,
            "the real key is named"
        );
    }

    #[pg_test]
    fn a_renamed_column_stays_guarded() {
        guarded("keep");
        run("ALTER TABLE ticket RENAME token TO code; ALTER TABLE ticket RENAME id TO number;
             UPDATE ticket SET code = leaked.token FROM leaked WHERE leaked.id = ticket.number");
        assert_eq!(count("ticket JOIN live ON id = number AND token = code"), 10);
        assert_eq!(one::<bool>("SELECT unguard_ticket_tokens('ticket', 'code')"), Some(true));
    }

    #[pg_test]
    fn a_restored_table_goes_by_the_names_of_its_columns() {
        guarded("keep");
        run("CREATE TABLE restored (price integer, token uuid, id bigint PRIMARY KEY);
             INSERT INTO restored SELECT price, token, id FROM ticket;
             UPDATE ticket_rotation SET target = 'restored';
             DROP TABLE ticket; ALTER TABLE restored RENAME TO ticket;
             SELECT guard_ticket_tokens();
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!((live(), held_off()), (10, Some(10)));
    }

    fn create_partitions() {
        run("CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid()) PARTITION BY RANGE (id);
             CREATE TABLE low PARTITION OF ticket FOR VALUES FROM (0) TO (5);
             CREATE TABLE high (unused text, token uuid, id bigint NOT NULL);
             ALTER TABLE high DROP unused;
             INSERT INTO ticket SELECT generate_series(1, 4);
             INSERT INTO high (id, token) SELECT id, gen_random_uuid() FROM generate_series(5, 10) AS id;
             CREATE TABLE leaked AS TABLE ticket; INSERT INTO leaked SELECT id, token FROM high");
    }

    #[pg_test]
    fn partitions_are_guarded_and_those_that_are_attached_later() {
        create_partitions();
        run("ALTER TABLE ticket ATTACH PARTITION high FOR VALUES FROM (5) TO (100)");
        finish();
        run("ALTER TABLE ticket DETACH PARTITION high");
        guard("keep");
        run("ALTER TABLE ticket ATTACH PARTITION high FOR VALUES FROM (5) TO (100);
             DROP TABLE live; CREATE TABLE live AS TABLE ticket;
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id;
             UPDATE high SET token = leaked.token FROM leaked WHERE leaked.id = high.id");
        assert_eq!(live(), 10);
        run("UPDATE ticket SET id = 4, token = (SELECT token FROM leaked WHERE id = 7) WHERE id = 7 AND false;
             DELETE FROM ticket WHERE id = 3;
             UPDATE ticket SET id = 3, token = leaked.token FROM leaked WHERE ticket.id = 7 AND leaked.id = 7");
        assert_eq!(leaked(), 0, "nor under another key, in another partition");
        assert_eq!(count("ticket_guard WHERE enabled"), 1);
        run("ALTER TABLE high DISABLE TRIGGER ALL");
        assert_eq!(count("ticket_guard WHERE NOT enabled"), 1);
        assert_eq!(one::<bool>("SELECT guard_ticket_tokens()"), Some(true), "it is switched on again");
        assert_eq!(count("ticket_guard WHERE enabled"), 1);
    }

    #[pg_test]
    fn a_partition_can_be_guarded_by_itself() {
        create_partitions();
        run("ALTER TABLE ticket ATTACH PARTITION high FOR VALUES FROM (5) TO (100)");
        finish();
        run("SELECT guard_ticket_tokens('high'); CREATE TABLE live AS TABLE ticket;
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!(live(), 6);
    }

    #[pg_test]
    fn a_rotation_passes_the_guard() {
        create_tickets("generate_series(1, 10)");
        guard("refuse");
        finish();
        assert_eq!(rotated().len(), 10);
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
        run("SELECT start_ticket_rotation()");
        finish();
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
    }

    #[pg_test]
    fn replicas_are_guarded_too() {
        guarded("keep");
        run("SET LOCAL session_replication_role = replica;
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        assert_eq!(live(), 10);
    }

    #[pg_test]
    fn it_is_put_on_once_and_taken_off() {
        create_tickets("generate_series(1, 10)");
        let on = |action: &str| one::<bool>(&format!("SELECT guard_ticket_tokens(action => '{action}')"));
        assert_eq!((on("keep"), on("keep")), (Some(true), Some(false)));
        assert_eq!(on("refuse"), Some(true));
        let guard =
            "SELECT string_agg(concat_ws(' ', target, token_column, action, enabled), ',') FROM ticket_guard";
        assert_eq!(one::<String>(guard).as_deref(), Some("ticket token refuse t"));
        let off = || one::<bool>("SELECT unguard_ticket_tokens()");
        assert_eq!((off(), off()), (Some(true), Some(false)));
        assert_eq!(count("ticket_guard"), 0);
        assert_eq!(count("pg_trigger WHERE tgrelid = 'ticket'::regclass"), 0);
    }

    #[pg_test]
    fn entries_in_large_batches_are_found() {
        create_tickets("generate_series(3, 30000, 3)");
        run("ALTER TABLE ticket DROP CONSTRAINT ticket_token_key");
        while rotate("NULL, 100000").is_some() {}
        run("CREATE INDEX ON leaked (id)");
        guard("keep");
        run("UPDATE ticket SET token = leaked.token FROM leaked
             WHERE leaked.id = ticket.id AND (ticket.id % 5 = 0 OR ticket.id < 30 OR ticket.id > 29970);
             INSERT INTO ticket SELECT id + 1, token FROM leaked WHERE id % 5 = 0");
        assert_eq!(live(), 10000);
    }

    #[pg_test]
    fn entries_beside_those_of_tickets_without_a_token_are_found() {
        guarded("keep");
        run("UPDATE ticket_rotation_batch SET digests[1] = NULL, digests[3] = NULL;
             UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN (2, 4)");
        assert_eq!(live(), 10);
    }

    #[pg_test]
    fn a_storm_leaves_few_rows() {
        guarded("keep");
        for _ in 0..3 {
            run("DO $$BEGIN
                 FOR i IN 1..110 LOOP
                     UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id;
                 END LOOP;
             END$$");
        }
        assert_eq!((live(), held_off()), (10, Some(3300)));
        assert!(count("ticket_rotation_held_off") < 1100);
    }

    fn become_app(grants: &str) {
        run(&format!("CREATE ROLE app; {grants}; SET ROLE app"));
    }

    #[pg_test]
    fn writers_need_no_privileges_on_the_rotation_tables() {
        guarded("keep");
        run("DELETE FROM ticket WHERE id = 4");
        become_app("GRANT SELECT ON leaked TO app; GRANT INSERT, SELECT, UPDATE ON ticket TO app");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id;
             INSERT INTO ticket SELECT * FROM leaked WHERE id = 4;
             RESET ROLE");
        assert_eq!((live(), leaked(), held_off()), (9, 0, Some(10)));
    }

    #[pg_test]
    fn the_owner_of_the_table_puts_the_guard_on() {
        create_tickets("generate_series(1, 10)");
        become_app(
            "ALTER TABLE ticket OWNER TO app;
             GRANT EXECUTE ON FUNCTION guard_ticket_tokens, unguard_ticket_tokens TO app",
        );
        assert_eq!(one::<bool>("SELECT guard_ticket_tokens()"), Some(true));
        assert_eq!(one::<bool>("SELECT unguard_ticket_tokens()"), Some(true));
    }

    #[pg_test(error = "must be owner of table public.ticket to guard its tokens")]
    fn nobody_else_does() {
        create_tickets("generate_series(1, 10)");
        become_app("GRANT ALL ON ticket TO app; GRANT EXECUTE ON FUNCTION guard_ticket_tokens TO app");
        run("SELECT guard_ticket_tokens()");
    }

    #[pg_test(error = "action must be 'keep' or 'refuse', not 'drop'")]
    fn an_unknown_action_is_an_error() {
        create_tickets("generate_series(1, 10)");
        guard("drop");
    }

    #[pg_test(error = "a guard is put on a table by guard_ticket_tokens")]
    fn a_trigger_that_was_created_by_hand_is_an_error() {
        create_tickets("generate_series(1, 10)");
        run("CREATE TRIGGER mine BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION ticket_guard('keep');
             UPDATE ticket SET token = NULL");
    }

    #[pg_test]
    fn a_trigger_by_hand_on_a_column_of_another_type_finds_no_token() {
        guarded("keep");
        run("CREATE TRIGGER mine BEFORE UPDATE ON ticket FOR EACH ROW WHEN (NEW.price IS NOT NULL)
                 EXECUTE FUNCTION ticket_guard('keep');
             ALTER TABLE ticket ADD name name;
             CREATE TRIGGER my_own BEFORE UPDATE ON ticket FOR EACH ROW WHEN (NEW.name IS NOT NULL)
                 EXECUTE FUNCTION ticket_guard('keep');
             UPDATE ticket SET price = 7, name = 'x'");
        assert_eq!(count("ticket WHERE price = 7 AND name = 'x'"), 10);
    }

    #[pg_test]
    fn tables_and_columns_may_be_called_as_people_like() {
        run(r#"CREATE TABLE "a@target@ ""table'" ("Id" integer PRIMARY KEY, "@token@ 'Tok""en" uuid);
               INSERT INTO "a@target@ ""table'" SELECT g, gen_random_uuid() FROM generate_series(1, 10) AS g;
               CREATE TABLE leaked AS TABLE "a@target@ ""table'";
               SET LOCAL ticket_ext.target = '"a@target@ ""table''"';
               SET LOCAL ticket_ext.token_column = '@token@ ''Tok"en'"#);
        finish();
        for action in ["keep", "refuse", "keep"] {
            run(&format!("SELECT guard_ticket_tokens(action => '{action}')"));
        }
        run(r#"UPDATE "a@target@ ""table'" AS t SET "@token@ 'Tok""en" = leaked."@token@ 'Tok""en"
               FROM leaked WHERE leaked."Id" = t."Id""#);
        assert_eq!(held_off(), Some(10));
        assert_eq!(one::<bool>("SELECT unguard_ticket_tokens()"), Some(true));
    }
}
