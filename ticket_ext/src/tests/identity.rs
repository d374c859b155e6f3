use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    fn half_done() {
        create_tickets("generate_series(1, 20)");
        run("ALTER SEQUENCE ticket_rotation_run_id_seq RESTART");
        rotate("NULL, 10");
    }

    #[pg_test(error = "run 1 was started for table public.ticket, whose number public.moved has now")]
    fn a_renamed_table_is_asked_about() {
        half_done();
        run("ALTER TABLE ticket RENAME TO moved");
        rotate("NULL, 10, 'moved'");
    }

    #[pg_test]
    fn a_renamed_table_goes_on_once_it_is_resumed() {
        half_done();
        run("ALTER TABLE ticket RENAME TO moved; SELECT resume_ticket_rotation('moved')");
        assert_eq!(rotate("NULL, 10, 'moved'"), Some(20));
        run("CREATE TABLE ticket (LIKE moved INCLUDING ALL); INSERT INTO ticket TABLE moved");
        assert_eq!(rotate("NULL, 10, 'ticket'"), Some(10), "a new table has a run of its own");
    }

    #[pg_test(
        error = "run 1 belongs to a table that was called public.ticket and is called public.ticket_old now"
    )]
    fn a_table_that_has_taken_over_the_name_is_refused() {
        half_done();
        run("ALTER TABLE ticket RENAME TO ticket_old; CREATE TABLE ticket (LIKE ticket_old INCLUDING ALL)");
        rotate("NULL, 10, 'ticket'");
    }

    #[pg_test]
    fn another_run_can_be_started_for_a_table_that_has_taken_over_the_name() {
        half_done();
        run("ALTER TABLE ticket RENAME TO ticket_old; CREATE TABLE ticket (LIKE ticket_old INCLUDING ALL);
             INSERT INTO ticket TABLE ticket_old; SELECT start_ticket_rotation('ticket')");
        assert_eq!(rotate("NULL, 20, 'ticket'"), Some(20));
    }

    #[pg_test]
    fn a_finished_run_is_verified_under_its_new_name_once_it_is_resumed() {
        half_done();
        while rotate("NULL, 10").is_some() {}
        run("ALTER TABLE ticket RENAME TO moved; SELECT resume_ticket_rotation('moved')");
        assert_eq!(state().as_deref(), Some("finished"));
        assert_eq!(count("verify_ticket_rotation('moved') WHERE verified"), 1);
        assert_eq!(rotate("NULL, 10, 'moved'"), None);
    }

    #[pg_test]
    fn a_renamed_column_goes_on() {
        half_done();
        run("ALTER TABLE ticket RENAME token TO code");
        assert_eq!(rotate("NULL, 20, 'ticket', 'code'"), Some(20));
        assert_eq!(one::<String>("SELECT token_column::text FROM batch_progress").as_deref(), Some("code"));
        run("ALTER TABLE ticket RENAME code TO token");
        assert_eq!(rotated().len(), 20);
    }

    #[pg_test]
    fn a_renamed_key_goes_on() {
        half_done();
        run("ALTER TABLE ticket RENAME id TO number");
        assert_eq!(rotate("NULL, 20"), Some(20));
    }

    #[pg_test(error = "run 1 of table public.ticket is of another column that was called \"token\"")]
    fn a_column_that_has_taken_over_the_name_is_refused() {
        half_done();
        run(
            "ALTER TABLE ticket RENAME token TO old; ALTER TABLE ticket ADD token uuid DEFAULT gen_random_uuid()",
        );
        rotate("NULL, 20");
    }

    #[pg_test(error = "run 1 of table public.ticket is of another column that was called \"token\"")]
    fn a_column_whose_name_was_taken_over_is_refused() {
        half_done();
        run(
            "ALTER TABLE ticket RENAME token TO old; ALTER TABLE ticket ADD token uuid DEFAULT gen_random_uuid()",
        );
        rotate("NULL, 20, 'ticket', 'old'");
    }

    #[pg_test(error = "run 1 of table public.ticket is of another column that was called \"token\"")]
    fn a_column_that_was_dropped_and_added_again_is_refused() {
        half_done();
        run("ALTER TABLE ticket DROP token; ALTER TABLE ticket ADD token uuid DEFAULT gen_random_uuid()");
        rotate("NULL, 20");
    }

    #[pg_test(
        error = "run 1 of table public.ticket went by the key \"id\", which cannot order its tickets any more"
    )]
    fn a_moved_primary_key_is_refused() {
        half_done();
        run("ALTER TABLE ticket ADD number bigint GENERATED ALWAYS AS IDENTITY;
             ALTER TABLE ticket DROP CONSTRAINT ticket_pkey, ADD PRIMARY KEY (number)");
        rotate("NULL, 20");
    }

    #[pg_test]
    fn a_restored_table_is_known_by_its_names() {
        half_done();
        run(
            "UPDATE ticket_rotation SET target_oid = 1, key_number = 7, token_number = 8, system_identifier = 1",
        );
        assert_eq!(rotate("NULL, 20"), Some(20));
        assert_eq!(rotate("NULL, 20"), None);
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
    }

    #[pg_test(error = "run 1 was started for table public.coupon, whose number public.ticket has now")]
    fn a_table_that_has_the_number_of_another_after_a_restore_is_refused() {
        half_done();
        run(
            "UPDATE ticket_rotation SET target_name = 'public.coupon', state = 'finished', finished_at = now()",
        );
        rotate("NULL, 20");
    }

    #[pg_test]
    fn a_table_that_has_the_number_of_another_is_not_shown_as_its_target() {
        half_done();
        assert_eq!(count("batch_progress WHERE target = 'ticket'::regclass"), 1);
        run("UPDATE ticket_rotation SET target_name = 'public.coupon'");
        assert_eq!(count("batch_progress WHERE target IS NULL AND target_name = 'public.coupon'"), 1);
    }

    #[pg_test]
    fn a_run_can_be_cancelled_whatever_became_of_its_table() {
        half_done();
        run("ALTER TABLE ticket RENAME TO moved; CREATE RULE nothing AS ON UPDATE TO moved DO INSTEAD NOTHING;
             ALTER TABLE moved DROP CONSTRAINT ticket_pkey; SELECT cancel_ticket_rotation('moved')");
        assert_eq!(state().as_deref(), Some("cancelled"));
    }
}
