use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    #[pg_test]
    fn the_call_that_finishes_a_run_is_committed_synchronously() {
        create_tickets("generate_series(1, 3)");
        run("SET LOCAL synchronous_commit = 'off'");
        for (arguments, setting) in [("NULL, 3", "off"), ("NULL, 3", "on")] {
            rotate(arguments);
            assert_eq!(one::<String>("SHOW synchronous_commit").as_deref(), Some(setting));
        }
        run("SET LOCAL synchronous_commit = 'remote_write'; SELECT start_ticket_rotation()");
        while rotate("NULL, 3").is_some() {}
        assert_eq!(one::<String>("SHOW synchronous_commit").as_deref(), Some("remote_write"));
    }

    #[pg_test]
    fn ranges_hold_equally_many_tickets() {
        create_tickets("CASE WHEN g <= 50 THEN g ELSE g * 1000 END FROM generate_series(1, 100) AS g");
        run("SELECT start_ticket_rotation(ranges => 4)");
        let tickets = one::<Vec<i64>>(
            "SELECT array_agg(tickets ORDER BY first_id) FROM (
                SELECT first_id, (SELECT count(*) FROM ticket WHERE id BETWEEN r.first_id AND r.last_id) AS tickets
                FROM ticket_rotation_range AS r) AS counted",
        );
        assert_eq!(tickets, Some(vec![25; 4]));
        while rotate("NULL, 10").is_some() {}
        assert_eq!(rotated().len(), 100);
        assert_eq!(state().as_deref(), Some("finished"));
        assert_ledger_complete();
    }

    #[pg_test]
    fn more_ranges_than_tickets_are_as_many_as_tickets() {
        create_tickets("generate_series(1, 3)");
        run("SELECT start_ticket_rotation(ranges => 100)");
        assert_eq!(count("ticket_rotation_range"), 3);
        while rotate("NULL, 10").is_some() {}
        assert_eq!(rotated().len(), 3);
    }

    #[pg_test]
    fn an_empty_table_starts_no_run() {
        create_tickets("generate_series(1, 0)");
        assert_eq!(rotate("NULL, 10"), None);
        assert_eq!(count("ticket_rotation"), 0);
    }

    #[pg_test]
    fn another_run_rotates_again() {
        create_tickets("generate_series(1, 10)");
        while rotate("NULL, 10").is_some() {}
        run("CREATE TABLE first_run AS TABLE ticket");
        assert_eq!(
            one::<i64>("SELECT start_ticket_rotation()"),
            one("SELECT max(run_id) FROM ticket_rotation")
        );
        assert_eq!(rotate("NULL, 10"), Some(10));
        assert_eq!(count("ticket JOIN first_run USING (id) WHERE ticket.token <> first_run.token"), 10);
    }

    #[pg_test]
    fn two_token_columns_are_two_runs() {
        create_tickets("generate_series(1, 10)");
        run("ALTER TABLE ticket ADD api_key text DEFAULT '00000000-0000-0000-0000-000000000000'");
        rotate("NULL, 10");
        assert_eq!(count("ticket WHERE api_key LIKE '0000%'"), 10);
        assert_eq!(rotate("NULL, 10, NULL, 'api_key'"), Some(10));
        assert_eq!(count("ticket WHERE api_key LIKE '0000%'"), 0);
        assert_eq!(count("ticket_rotation"), 2);
    }

    #[pg_test]
    fn a_resumed_run_goes_on_where_it_stood() {
        create_tickets("generate_series(1, 20)");
        rotate("NULL, 10");
        run("SELECT pause_ticket_rotation(), resume_ticket_rotation()");
        assert_eq!(rotate("NULL, 10"), Some(20));
    }

    #[pg_test]
    fn changing_a_state_to_itself_is_no_error() {
        create_tickets("generate_series(1, 20)");
        rotate("NULL, 10");
        for call in ["pause", "pause", "resume", "resume", "cancel", "cancel"] {
            run(&format!("SELECT {call}_ticket_rotation()"));
        }
        assert_eq!(state().as_deref(), Some("cancelled"));
    }

    #[pg_test]
    fn a_run_that_was_started_without_ranges_can_be_joined_by_workers() {
        create_tickets("generate_series(1, 60000)");
        rotate("NULL, 10");
        assert_eq!(count("ticket_rotation_range"), 2);
    }

    #[pg_test]
    fn the_run_reaches_up_to_the_last_value_of_the_sequence_of_its_keys() {
        run("CREATE TABLE ticket (id serial PRIMARY KEY, token uuid DEFAULT gen_random_uuid());
             INSERT INTO ticket SELECT FROM generate_series(1, 10);
             DELETE FROM ticket WHERE id > 7;
             SELECT start_ticket_rotation()");
        assert_eq!(one::<i64>("SELECT upper_id FROM ticket_rotation"), Some(10));
        run(
            "INSERT INTO ticket (id) VALUES (500); SELECT cancel_ticket_rotation(); SELECT start_ticket_rotation()",
        );
        assert_eq!(
            one::<i64>("SELECT max(upper_id) FROM ticket_rotation"),
            Some(500),
            "a key from elsewhere"
        );
    }

    #[pg_test]
    fn a_run_without_a_batch_for_30_seconds_has_no_rate() {
        create_tickets("generate_series(1, 20)");
        rotate("NULL, 10");
        let view =
            "SELECT concat_ws(' ', tickets_per_second > 0, time_remaining IS NULL, last_batch_at < now())
                    FROM batch_progress";
        assert_eq!(one::<String>(view).as_deref(), Some("t f f"));
        run("UPDATE ticket_rotation_batch SET finished_at = now() - interval '31 seconds'");
        assert_eq!(one::<String>(view).as_deref(), Some("t t"));
    }

    #[pg_test]
    fn the_run_of_a_dropped_table_ends_when_it_is_forgotten() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 5");
        run("DROP TABLE ticket");
        run("SELECT forget_ticket_rotation(run_id) FROM ticket_rotation");
        let ended = "SELECT state || ' ' || (finished_at IS NOT NULL) FROM batch_progress";
        assert_eq!(one::<String>(ended).as_deref(), Some("cancelled true"));
    }

    #[pg_test]
    fn the_phase_of_a_run_is_shown() {
        create_tickets("generate_series(1, 10)");
        let phase = || one::<String>("SELECT phase FROM batch_progress");
        rotate("NULL, 5");
        assert_eq!(phase().as_deref(), Some("rotating"));
        rotate("NULL, 6");
        assert_eq!(phase().as_deref(), Some("sweeping"));
        rotate("NULL, 5");
        assert_eq!(phase(), None);
    }

    #[pg_test]
    fn progress_counts_tickets() {
        create_tickets("generate_series(1, 30)");
        rotate("NULL, 10");
        let progress = one::<String>(
            "SELECT concat_ws(' ', target, token_column, state, last_id, tickets_done, tickets_planned, percent,
                              tickets_per_second > 0, time_remaining >= '0', updated_at >= started_at, finished_at)
             FROM batch_progress",
        );
        assert_eq!(progress.as_deref(), Some("ticket token active 10 10 30 33.33 t t t"));
    }

    #[pg_test]
    fn progress_stays_at_100_percent_when_more_tickets_turn_up() {
        create_tickets("generate_series(11, 20)");
        rotate("NULL, 5");
        run("INSERT INTO ticket SELECT g FROM generate_series(16, 20) AS g WHERE false");
        run("UPDATE ticket_rotation SET tickets_planned = 3");
        assert_eq!(one::<AnyNumeric>("SELECT percent FROM batch_progress"), Some(AnyNumeric::from(100)));
    }
}
