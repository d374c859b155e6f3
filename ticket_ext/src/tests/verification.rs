use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::context::Context;
    use crate::interval::{Interval, Tickets};
    use crate::late::late;
    use crate::run::Run;
    use crate::target::TargetArgs;
    use crate::tests::*;

    fn evidence(columns: &str) -> Option<String> {
        one(&format!("SELECT concat_ws(' ', {columns}) FROM verify_ticket_rotation()"))
    }

    #[pg_test]
    fn a_finished_run_is_verified() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        let columns = "state, verified, tickets_rotated, tickets_swept, ledger_gaps, old_tokens, not_rotated,
                       created_since, without_token, duplicate_tokens, started_at < finished_at";
        assert_eq!(evidence(columns).as_deref(), Some("finished t 10 0 0 0 0 0 0 0 t"));
    }

    #[pg_test]
    fn a_run_that_is_declared_finished_half_way_is_not_verified() {
        create_tickets("generate_series(1, 30)");
        rotate("NULL, 4");
        run("UPDATE ticket_rotation SET state = 'finished', finished_at = now()");
        assert_eq!(evidence("verified, tickets_rotated, ledger_gaps").as_deref(), Some("f 4 1"));
        run("UPDATE ticket_rotation SET state = 'cancelled'");
        let columns = "verified, not_rotated, not_rotated_keys";
        assert_eq!(evidence(columns).as_deref(), Some("f 26 {5,6,7,8,9,10,11,12,13,14}"));
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
        run("UPDATE ticket_rotation_batch SET first_id = 4 WHERE last_id = 8");
        assert_eq!(evidence("verified, ledger_gaps").as_deref(), Some("f 1"));
    }

    #[pg_test]
    fn an_old_token_that_is_written_back_is_found() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND leaked.id = 7",
        );
        assert_eq!(evidence("verified, old_tokens, old_token_keys").as_deref(), Some("f 1 {7}"));
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
    fn tickets_that_came_after_the_end_are_counted_and_no_failure() {
        create_tickets("generate_series(2, 20, 2)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket SET token = gen_random_uuid() WHERE id = 6;
             INSERT INTO ticket VALUES (3, gen_random_uuid()), (7, gen_random_uuid()), (21, gen_random_uuid())");
        assert_eq!(evidence("verified, not_rotated, created_since").as_deref(), Some("t 0 2"));
    }

    #[pg_test]
    fn a_ticket_without_an_entry_that_was_there_before_the_sweep_is_a_failure() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket_rotation_batch SET keys = keys[2:], digests = digests[2:] WHERE last_id = 4");
        assert_eq!(evidence("verified, not_rotated, created_since").as_deref(), Some("t 0 1"));
        run("UPDATE ticket_rotation SET sweep_horizon =
                 (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000)::text::xid8");
        assert_eq!(
            evidence("verified, not_rotated, not_rotated_keys, created_since").as_deref(),
            Some("f 1 {1} 0")
        );
    }

    #[pg_test]
    fn what_has_gone_or_changed_since_it_was_found_is_not_left_out() {
        create_tickets("generate_series(1, 4)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket_rotation SET sweep_horizon =
                 (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000)::text::xid8");
        let context = Spi::connect_mut(|client| Context::for_reading(client, &TargetArgs::new(None, None)))
            .expect("the table can be read");
        let newest = Spi::connect_mut(|client| Run::matching(client, &context)).expect("there is a run");
        let all = Tickets::In(Interval { first_id: 1, last_id: 4 });
        let found = Spi::connect_mut(|client| all.stored(client, &context)).expect("the tickets are there");
        let late = || late(&context, &newest, true, &found).expect("the table can be read");
        assert_eq!(late(), []);
        run("DELETE FROM ticket WHERE id = 2; UPDATE ticket SET token = gen_random_uuid() WHERE id = 3");
        assert_eq!(late(), found[1..3]);
    }

    #[pg_test]
    fn a_run_from_another_cluster_is_judged_by_its_entries() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("UPDATE ticket_rotation SET system_identifier = 1, horizon = '1', sweep_horizon = '1'");
        assert_eq!(evidence("verified, old_tokens, not_rotated").as_deref(), Some("t 0 0"));
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE ticket.id = leaked.id AND leaked.id = 7",
        );
        assert_eq!(evidence("verified, old_tokens").as_deref(), Some("f 1"));
    }

    #[pg_test]
    fn forgotten_entries_prove_nothing_any_more() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 4").is_some() {}
        run("SELECT forget_ticket_rotation(run_id) FROM ticket_rotation");
        let columns =
            "verified IS NULL, tickets_rotated, ledger_gaps, old_tokens IS NULL, not_rotated IS NULL";
        assert_eq!(evidence(columns).as_deref(), Some("t 10 0 t t"));
        assert_eq!(count("ticket_rotation_batch WHERE keys IS NOT NULL OR digests IS NOT NULL"), 0);
    }

    #[pg_test(error = "run 1 of table public.ticket is active")]
    fn entries_that_are_still_needed_are_not_forgotten() {
        create_tickets("generate_series(1, 10)");
        run("ALTER SEQUENCE ticket_rotation_run_id_seq RESTART");
        rotate("NULL, 4");
        run("SELECT forget_ticket_rotation(1)");
    }

    #[pg_test(error = "table public.ticket has never been rotated")]
    fn without_a_run_there_is_no_evidence() {
        create_tickets("generate_series(1, 10)");
        evidence("verified");
    }
}
