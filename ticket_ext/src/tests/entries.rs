use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// Makes the next batch fail at its 5th ticket, in the middle of the UPDATE.
    fn fail_in_the_middle() {
        run("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN IF NEW.id = 5 THEN RAISE EXCEPTION ''no''; END IF; RETURN NEW; END';
             CREATE TRIGGER fail BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION fail()");
    }

    const TRY: &str =
        "DO 'BEGIN PERFORM rotate_ticket_tokens(NULL, 8); EXCEPTION WHEN raise_exception THEN END'";

    #[pg_test]
    fn a_batch_that_failed_leaves_no_entry_to_the_next_one() {
        create_tickets("generate_series(1, 10)");
        run("SELECT start_ticket_rotation()");
        fail_in_the_middle();
        run(TRY);
        assert!(rotated().is_empty());
        run("DROP TRIGGER fail ON ticket");
        while rotate("NULL, 4").is_some() {}
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_savepoint_that_is_rolled_back_takes_its_entries_along() {
        create_tickets("generate_series(1, 10)");
        run("SELECT start_ticket_rotation()");
        run("DO 'BEGIN
                     PERFORM rotate_ticket_tokens(NULL, 4);
                     RAISE division_by_zero;
                 EXCEPTION WHEN division_by_zero THEN
                 END'");
        assert!(entries().is_empty() && rotated().is_empty());
        while rotate("NULL, 3").is_some() {}
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_ticket_that_a_trigger_deletes_has_no_entry() {
        create_tickets("generate_series(1, 10)");
        run("CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN DELETE FROM ticket WHERE id = 7; RETURN NULL; END';
             CREATE TRIGGER drop_it AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION drop_it()");
        while rotate("NULL, 20").is_some() {}
        assert_eq!(entries(), [1, 2, 3, 4, 5, 6, 8, 9, 10]);
    }

    #[pg_test]
    fn text_and_bytea_have_the_digests_of_their_bytes() {
        let sha = |token: &str| {
            format!("('x' || encode(substring(sha256({token}) FOR 8), 'hex'))::bit(64)::bigint")
        };
        for (token, bytes) in [
            ("'a \u{e4}'::text", "convert_to('a \u{e4}', 'UTF8')"),
            ("'\\x00ff'::bytea", "'\\x00ff'::bytea"),
            ("'00000000-0000-4000-8000-00000000000a'::uuid", "'\\x0000000000004000800000000000000a'::bytea"),
        ] {
            let same = format!("SELECT ticket_token_digest({token}) = {}", sha(bytes));
            assert_eq!(one::<bool>(&same), Some(true), "{token}");
        }
    }

    #[pg_test(error = "no batch is being rotated")]
    fn nobody_else_can_note_an_entry() {
        run("SELECT renew_ticket_token(gen_random_uuid(), 1)");
    }

    #[pg_test]
    fn a_trigger_cannot_forge_an_entry() {
        create_tickets("generate_series(1, 10)");
        run("CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM renew_ticket_token(gen_random_uuid(), 99); RETURN NULL; END';
             CREATE TRIGGER forge AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION forge()");
        rotate("NULL, 20");
        assert_eq!(count("ticket_rotation_batch, unnest(keys) AS key WHERE key = 99"), 0);
        assert_eq!(entries().len(), 10);
    }
}
