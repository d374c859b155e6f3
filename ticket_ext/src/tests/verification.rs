use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    fn evidence(columns: &str) -> Option<String> {
        one(&format!("SELECT concat_ws(' ', {columns}) FROM verify_ticket_rotation()"))
    }

    #[pg_test]
    fn a_finished_run_is_verified() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        let columns = "state, verified, tickets_rotated, tickets_swept, ledger_gaps, not_rotated,
                       without_token, duplicate_tokens";
        assert_eq!(evidence(columns).as_deref(), Some("finished t 10 0 0 0 0 0"));
    }

    #[pg_test]
    fn a_run_that_is_declared_finished_half_way_is_not_verified() {
        create_tickets("generate_series(1, 30)");
        rotate("NULL, 4");
        run("UPDATE ticket_rotation SET state = 'finished', finished_at = now()");
        let columns = "verified, tickets_rotated, ledger_gaps, not_rotated, not_rotated_ids";
        assert_eq!(evidence(columns).as_deref(), Some("f 4 1 26 {5,6,7,8,9,10,11,12,13,14}"));
    }

    #[pg_test]
    fn a_hole_in_the_ledger_is_found() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("DELETE FROM ticket_rotation_batch WHERE last_id = 8");
        assert_eq!(evidence("verified, ledger_gaps").as_deref(), Some("f 1"));
    }

    #[pg_test]
    fn an_overlap_in_the_ledger_is_found() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket_rotation_batch SET after_id = 3 WHERE last_id = 8");
        assert_eq!(evidence("verified, ledger_gaps").as_deref(), Some("f 1"));
    }

    #[pg_test]
    fn an_old_token_that_is_written_back_is_found() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND leaked.id = 7",
        );
        assert_eq!(evidence("verified, not_rotated, not_rotated_ids").as_deref(), Some("f 1 {7}"));
    }

    #[pg_test]
    fn missing_and_duplicate_tokens_are_reported() {
        create_tickets("generate_series(1, 10)");
        run("ALTER TABLE ticket DROP CONSTRAINT ticket_token_key");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket SET token = NULL WHERE id = 1;
             UPDATE ticket SET token = (SELECT token FROM ticket WHERE id = 2) WHERE id IN (3, 4)");
        assert_eq!(evidence("without_token, duplicate_tokens").as_deref(), Some("1 2"));
    }

    #[pg_test]
    fn what_others_wrote_since_is_counted() {
        create_tickets("generate_series(2, 20, 2)");
        while rotate("NULL, 4").is_some() {}
        assert_eq!(evidence("verified, written_since, created_since").as_deref(), Some("t 0 0"));
        // The test is one transaction, whose own rows have the batches' number: only a subtransaction differs.
        run("DO 'BEGIN UPDATE ticket SET token = gen_random_uuid() WHERE id = 6;
                        INSERT INTO ticket VALUES (3, gen_random_uuid()), (7, gen_random_uuid());
                        INSERT INTO ticket VALUES (21, gen_random_uuid());
                  EXCEPTION WHEN division_by_zero THEN END'");
        assert_eq!(evidence("verified, written_since, created_since").as_deref(), Some("t 3 2"));
    }

    #[pg_test]
    fn the_batches_of_a_subtransaction_are_its_own() {
        create_tickets("generate_series(1, 10)");
        run("DO 'BEGIN WHILE rotate_ticket_tokens(NULL, 4) IS NOT NULL LOOP END LOOP;
                  EXCEPTION WHEN division_by_zero THEN END'");
        assert_eq!(evidence("verified, written_since, created_since").as_deref(), Some("t 0 0"));
    }

    #[pg_test]
    fn a_run_from_another_cluster_is_not_judged_by_row_versions() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket_rotation SET system_identifier = 1");
        let columns = "state, verified IS NULL, ledger_gaps, not_rotated IS NULL";
        assert_eq!(evidence(columns).as_deref(), Some("finished t 0 t"));
    }

    #[pg_test(error = "table public.ticket has never been rotated")]
    fn without_a_run_there_is_no_evidence() {
        create_tickets("generate_series(1, 10)");
        evidence("verified");
    }
}
