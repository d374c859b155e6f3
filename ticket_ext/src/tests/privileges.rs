use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// A role with what sql/roles.sql grants.
    fn become_rotator() {
        run("CREATE ROLE rotator;
             GRANT SELECT, UPDATE (token) ON ticket TO rotator;
             GRANT EXECUTE ON FUNCTION rotate_ticket_tokens, cancel_ticket_rotation, tune_ticket_rotation,
                 note_ticket_rotation_wait, forget_ticket_rotation, verify_ticket_rotation TO rotator;
             SET ROLE rotator");
    }

    #[pg_test]
    fn a_rotator_needs_no_privilege_on_the_rotation_tables() {
        create_tickets("generate_series(1, 10)");
        become_rotator();
        while rotate("NULL, 4").is_some() {}
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
        run("SELECT forget_ticket_rotation(run_id) FROM verify_ticket_rotation(); RESET ROLE");
        assert_eq!(rotated().len(), 10);
    }

    #[pg_test(error = "permission denied for table ticket_rotation_batch")]
    fn a_rotator_cannot_write_the_ledger() {
        create_tickets("generate_series(1, 10)");
        become_rotator();
        rotate("NULL, 4");
        run("UPDATE ticket_rotation_batch SET tickets = 10");
    }

    fn pay_no_heed_to(call: &str) {
        create_tickets("generate_series(1, 10)");
        run("CREATE TABLE payroll (id int PRIMARY KEY, token uuid); INSERT INTO payroll VALUES (1);
             ALTER SEQUENCE ticket_rotation_run_id_seq RESTART;
             SELECT start_ticket_rotation('payroll')");
        become_rotator();
        run(&format!("SELECT {call}"));
    }

    #[pg_test(error = "permission denied to rotate the tokens of table public.payroll")]
    fn a_run_of_another_table_cannot_be_cancelled() {
        pay_no_heed_to("cancel_ticket_rotation('payroll')");
    }

    #[pg_test(error = "permission denied to rotate the tokens of table public.payroll")]
    fn a_run_of_another_table_cannot_be_tuned() {
        pay_no_heed_to("tune_ticket_rotation(nice => 1, target => 'payroll')");
    }

    #[pg_test(error = "permission denied to rotate the tokens of table public.payroll")]
    fn nothing_can_be_noted_of_a_run_of_another_table() {
        pay_no_heed_to("note_ticket_rotation_wait('nothing', 'payroll')");
    }

    #[pg_test(error = "permission denied for run 1 of table public.payroll")]
    fn a_run_of_another_table_cannot_be_forgotten() {
        pay_no_heed_to("forget_ticket_rotation(1)");
    }

    #[pg_test]
    fn the_trigger_of_a_superusers_rotation_runs_as_the_tables_owner() {
        create_tickets("generate_series(1, 4)");
        run("CREATE ROLE app; ALTER TABLE ticket OWNER TO app; CREATE TABLE seen (role name, path text);
             GRANT INSERT ON seen TO app;
             CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN INSERT INTO public.seen VALUES (current_user, current_setting(''search_path'')); RETURN NULL; END';
             CREATE TRIGGER look AFTER UPDATE ON ticket EXECUTE FUNCTION look();
             SET LOCAL search_path = public, app_schema");
        rotate("NULL, 10");
        assert_eq!(
            one::<String>("SELECT string_agg(role || ' ' || path, ';') FROM seen").as_deref(),
            Some("app public, app_schema")
        );
        assert_eq!(
            one::<String>("SELECT current_user::text").as_deref(),
            one::<String>("SELECT session_user::text").as_deref()
        );
        assert_eq!(one::<String>("SHOW search_path").as_deref(), Some("public, app_schema"));
    }

    #[cfg(not(any(feature = "pg13", feature = "pg14")))]
    #[pg_test(error = "invalid configuration parameter name \"ticket_ext.taget\"")]
    fn a_misspelt_setting_is_an_error() {
        run("SET LOCAL ticket_ext.taget = 'shop.voucher'");
    }

    #[pg_test(error = "setting ticket_ext.target does not count within a SECURITY DEFINER function")]
    fn the_caller_of_a_security_definer_function_does_not_choose_the_table() {
        create_tickets("generate_series(1, 4)");
        run("CREATE TABLE customer (id int PRIMARY KEY, token text); INSERT INTO customer VALUES (1, 'secret');
             CREATE FUNCTION rotate_some() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
                 'SELECT rotate_ticket_tokens(NULL, 100)';
             SET LOCAL ticket_ext.target = 'customer'");
        run("SELECT rotate_some()");
    }
}
