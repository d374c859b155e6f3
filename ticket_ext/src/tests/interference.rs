use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    fn create_trigger(timing: &str, body: &str) {
        run(&format!(
            "CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
             CREATE TRIGGER interfere {timing} ON ticket FOR EACH ROW EXECUTE FUNCTION interfere()"
        ));
    }

    #[pg_test(error = "3 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_that_suppresses_the_update_is_found_out() {
        create_tickets("generate_series(1, 10)");
        create_trigger("BEFORE UPDATE", "RETURN CASE WHEN OLD.id % 3 = 0 THEN NULL ELSE NEW END;");
        rotate("NULL, 10");
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_that_is_added_between_two_batches_is_found_out() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 3");
        create_trigger("BEFORE UPDATE", "IF OLD.id = 5 THEN NEW.token := OLD.token; END IF; RETURN NEW;");
        rotate("NULL, 3");
    }

    #[pg_test(error = "row-level security of table public.ticket is active for this role")]
    fn row_level_security_that_begins_between_two_batches_is_refused() {
        create_tickets("generate_series(1, 10)");
        run("CREATE ROLE rotator;
             GRANT SELECT, UPDATE ON ticket TO rotator;
             GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO rotator;
             SET ROLE rotator");
        rotate("NULL, 3");
        run("RESET ROLE; ALTER TABLE ticket ENABLE ROW LEVEL SECURITY; SET ROLE rotator");
        rotate("NULL, 3");
    }

    #[pg_test(error = "permission denied to rotate the tokens of table public.ticket")]
    fn another_role_of_the_same_session_is_checked_anew() {
        create_tickets("generate_series(1, 10)");
        run("CREATE ROLE stranger; GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO stranger");
        rotate("NULL, 3");
        run("SET ROLE stranger");
        rotate("NULL, 3");
    }

    #[pg_test(error = "10 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_that_suppresses_every_update_is_found_out() {
        create_tickets("generate_series(1, 10)");
        create_trigger("BEFORE UPDATE", "RETURN NULL;");
        rotate("NULL, 10");
    }

    #[pg_test(error = "10 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_that_puts_the_old_token_back_is_found_out() {
        create_tickets("generate_series(1, 10)");
        create_trigger("BEFORE UPDATE", "NEW.token := OLD.token; RETURN NEW;");
        rotate("NULL, 10");
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn an_after_trigger_that_puts_the_old_token_back_is_found_out() {
        create_tickets("generate_series(1, 10)");
        create_trigger(
            "AFTER UPDATE",
            "IF OLD.id = 7 AND pg_trigger_depth() = 1 THEN
                 UPDATE ticket SET token = OLD.token WHERE id = OLD.id;
             END IF;
             RETURN NULL;",
        );
        rotate("NULL, 10");
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_of_a_partition_is_found_out() {
        run("CREATE TABLE ticket (id integer PRIMARY KEY, token uuid DEFAULT gen_random_uuid()) PARTITION BY RANGE (id);
             CREATE TABLE part1 PARTITION OF ticket FOR VALUES FROM (0) TO (5);
             CREATE TABLE part2 PARTITION OF ticket FOR VALUES FROM (5) TO (100);
             INSERT INTO ticket SELECT generate_series(1, 5);
             CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER interfere BEFORE UPDATE ON part2 FOR EACH ROW EXECUTE FUNCTION interfere()");
        rotate("NULL, 10");
    }

    #[pg_test]
    fn triggers_that_leave_the_token_alone_are_welcome() {
        create_tickets("generate_series(1, 10)");
        run("ALTER TABLE ticket ADD updated_at timestamptz; CREATE TABLE audit (id bigint)");
        create_trigger("BEFORE UPDATE", "NEW.updated_at := now(); RETURN NEW;");
        run("CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NULL; END';
             CREATE TRIGGER audit AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION audit()");
        rotate("NULL, 4");
        while rotate("NULL, 4").is_some() {}
        assert_eq!(rotated().len(), 10);
        assert_eq!(count("audit"), 10);
        assert_eq!(count("ticket WHERE updated_at IS NOT NULL"), 10);
    }

    #[pg_test]
    fn a_trigger_with_subtransactions_is_welcome() {
        create_tickets("generate_series(1, 10)");
        create_trigger(
            "AFTER UPDATE",
            "IF pg_trigger_depth() = 1 THEN
                 BEGIN
                     UPDATE ticket SET id = id WHERE id = OLD.id;
                 EXCEPTION WHEN division_by_zero THEN NULL;
                 END;
             END IF;
             RETURN NULL;",
        );
        assert_eq!(rotate("NULL, 100"), Some(10));
        assert_eq!(rotated().len(), 10);
    }

    #[pg_test]
    fn a_batch_in_a_subtransaction_counts_its_tickets() {
        create_tickets("generate_series(1, 10)");
        create_trigger("BEFORE UPDATE", "RETURN NEW;");
        run(
            "DO $$ BEGIN PERFORM rotate_ticket_tokens(NULL, 10); EXCEPTION WHEN division_by_zero THEN NULL; END $$",
        );
        assert_eq!(rotated().len(), 10);
    }

    fn put_back_by(trigger: &str) {
        create_tickets("generate_series(1, 10)");
        run(&format!(
            "CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS
                 $$BEGIN
                     IF pg_trigger_depth() = 1 THEN
                         UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 3;
                     END IF;
                     RETURN NULL;
                 END$$;
             {trigger} EXECUTE FUNCTION put_back()"
        ));
        rotate("NULL, 10");
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn a_statement_trigger_that_puts_an_old_token_back_is_found_out() {
        put_back_by("CREATE TRIGGER put_back AFTER UPDATE ON ticket FOR EACH STATEMENT");
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn a_deferred_constraint_trigger_that_puts_an_old_token_back_is_found_out() {
        put_back_by(
            "CREATE CONSTRAINT TRIGGER put_back AFTER UPDATE ON ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
        );
    }

    #[pg_test(error = "1 ticket(s) of table public.ticket would have kept their old token")]
    fn a_trigger_of_another_table_that_is_deferred_is_found_out() {
        create_tickets("generate_series(1, 10)");
        run("CREATE TABLE audit (id bigint);
             CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NULL; END';
             CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN
                     IF NEW.id = 3 THEN
                         UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = 3 AND ticket.id = 3;
                     END IF;
                     RETURN NULL;
                 END';
             CREATE TRIGGER audit AFTER UPDATE ON ticket FOR EACH ROW WHEN (pg_trigger_depth() = 0)
                 EXECUTE FUNCTION audit();
             CREATE CONSTRAINT TRIGGER put_back AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
                 EXECUTE FUNCTION put_back()");
        rotate("NULL, 10");
    }

    #[pg_test]
    fn the_error_of_a_violated_constraint_quotes_no_row() {
        create_tickets("generate_series(1, 10)");
        run("SELECT start_ticket_rotation();
             ALTER TABLE ticket ADD note text DEFAULT 'second-secret', ADD CHECK (token::text LIKE 'x%') NOT VALID;
             CREATE TABLE said (code text, message text, detail text);
             CREATE FUNCTION try() RETURNS void LANGUAGE plpgsql AS
                 $$DECLARE message text; detail text; code text;
                 BEGIN
                     PERFORM rotate_ticket_tokens(NULL, 10);
                 EXCEPTION WHEN OTHERS THEN
                     GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                         code = RETURNED_SQLSTATE;
                     INSERT INTO said VALUES (code, message, detail);
                 END$$;
             SELECT try()");
        let said =
            one::<String>("SELECT concat_ws(' ', code, message, detail) FROM said").unwrap_or_default();
        assert!(said.starts_with("23514 ") && said.contains("ticket_token_check"), "{said}");
        assert!(!said.contains("second-secret") && !said.contains("Failing row"), "{said}");
        assert_eq!(rotate_state_is_clean(), 0, "and no entry is left to the next batch");
    }

    fn rotate_state_is_clean() -> usize {
        run("ALTER TABLE ticket DROP CONSTRAINT ticket_token_check");
        rotate("NULL, 10");
        10 - rotated().len()
    }

    #[pg_test(error = "a batch is rotated within a batch")]
    fn a_trigger_cannot_rotate_a_batch_itself() {
        create_tickets("generate_series(1, 10)");
        create_trigger("AFTER UPDATE", "PERFORM rotate_ticket_tokens(NULL, 1); RETURN NULL;");
        rotate("NULL, 3");
    }

    #[pg_test(error = "table public.child inherits from table public.ticket and is no partition of it")]
    fn a_table_with_children_that_are_no_partitions_is_refused() {
        create_tickets("generate_series(1, 10)");
        run("CREATE TABLE child () INHERITS (ticket)");
        rotate("NULL, 3");
    }

    #[pg_test]
    fn a_disabled_trigger_does_not_count() {
        create_tickets("generate_series(1, 10)");
        create_trigger("BEFORE UPDATE", "RETURN NULL;");
        run("ALTER TABLE ticket DISABLE TRIGGER interfere");
        rotate("NULL, 10");
        assert_eq!(rotated().len(), 10);
    }
}
