use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    fn started() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 3");
    }

    fn tune(arguments: &str) -> Option<String> {
        run(&format!("SELECT tune_ticket_rotation({arguments})"));
        tuned()
    }

    fn tuned() -> Option<String> {
        one("SELECT concat_ws(' ', coalesce(batch_time::text, '-'), coalesce(nice::text, '-'), coalesce(workers::text, '-'))
             FROM batch_progress ORDER BY run_id DESC LIMIT 1")
    }

    #[pg_test]
    fn values_stay_until_they_are_changed_or_reset() {
        started();
        assert_eq!(tuned().as_deref(), Some("- - -"));
        assert_eq!(tune("nice => 0.5").as_deref(), Some("- 0.5 -"));
        assert_eq!(tune("'100 ms', workers => 4").as_deref(), Some("00:00:00.1 0.5 4"));
        assert_eq!(tune("nice => 0").as_deref(), Some("00:00:00.1 0 4"));
        assert_eq!(tune("").as_deref(), Some("- - -"));
    }

    #[pg_test]
    fn the_bounds_are_part_of_what_is_allowed() {
        started();
        assert_eq!(tune("'10 ms', 0, 1").as_deref(), Some("00:00:00.01 0 1"));
        assert_eq!(tune("'60 s', 100, 64").as_deref(), Some("00:01:00 100 64"));
    }

    #[pg_test]
    fn the_run_is_returned_and_a_new_one_starts_untuned() {
        started();
        let run_id = one::<i64>("SELECT max(run_id) FROM ticket_rotation");
        assert_eq!(one::<i64>("SELECT tune_ticket_rotation(workers => 3)"), run_id);
        run("SELECT cancel_ticket_rotation(); SELECT start_ticket_rotation()");
        assert_eq!(tuned().as_deref(), Some("- - -"));
    }

    #[pg_test]
    fn a_paused_run_can_be_tuned() {
        started();
        run("SELECT pause_ticket_rotation()");
        assert_eq!(tune("workers => 3").as_deref(), Some("- - 3"));
    }

    #[pg_test(error = "nice must be between 0 and 100, not NaN")]
    fn what_is_no_number_is_refused() {
        started();
        tune("nice => 'NaN'");
    }

    #[pg_test(error = "run 1 of table public.ticket is finished")]
    fn a_finished_run_is_refused() {
        create_tickets("generate_series(1, 10)");
        run("ALTER SEQUENCE ticket_rotation_run_id_seq RESTART");
        while rotate("NULL, 10").is_some() {}
        tune("nice => 1");
    }

    #[pg_test]
    fn a_reason_to_wait_is_shown_while_it_is_fresh_and_the_run_active() {
        started();
        let note = |age: u32| {
            run(&format!(
                "DELETE FROM ticket_rotation_control;
                 INSERT INTO ticket_rotation_control (run_id, waiting_for, waiting_at)
                 SELECT run_id, 'a replica', clock_timestamp() - interval '{age} seconds' FROM ticket_rotation"
            ));
        };
        let shown = || one::<String>("SELECT waiting_for FROM batch_progress");
        assert_eq!(shown(), None);
        note(29);
        assert_eq!(shown().as_deref(), Some("a replica"));
        note(31);
        assert_eq!(shown(), None);
        note(0);
        run("SELECT pause_ticket_rotation()");
        assert_eq!(shown(), None);
    }
}
