use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    fn finish(batch: i32) {
        while rotate(&format!("NULL, {batch}")).is_some() {}
        assert_eq!(state().as_deref(), Some("finished"));
    }

    #[pg_test]
    fn a_ticket_that_came_up_behind_the_batches_is_swept() {
        create_tickets("generate_series(10, 20)");
        rotate("NULL, 20");
        run(
            "INSERT INTO ticket VALUES (5), (15 * -1), (-9223372036854775808); CREATE TABLE late AS SELECT * FROM ticket WHERE id < 10",
        );
        finish(2);
        assert_eq!(count("ticket JOIN late USING (id, token)"), 0);
        assert_eq!(count("ticket_rotation_batch WHERE sweep = 1"), 2, "two of them, then one");
        assert_eq!(one::<i64>("SELECT max(tickets) FROM ticket_rotation_batch WHERE sweep = 1"), Some(2));
    }

    #[pg_test]
    fn an_old_token_that_was_written_back_is_swept() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 10");
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN (3, 4)",
        );
        run(
            "UPDATE ticket SET token = gen_random_uuid() WHERE id = 8; CREATE TABLE made_anew AS SELECT * FROM ticket WHERE id = 8",
        );
        finish(10);
        assert_eq!(rotated().len(), 10);
        assert_eq!(
            count("ticket JOIN made_anew USING (id, token)"),
            1,
            "a token of the application's own stays"
        );
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
    }

    #[pg_test]
    fn a_ticket_that_moves_behind_the_batches_is_swept_under_its_new_key() {
        create_tickets("generate_series(10, 20)");
        rotate("NULL, 5");
        run("UPDATE ticket SET id = 1 WHERE id = 20; UPDATE leaked SET id = 1 WHERE id = 20");
        finish(5);
        assert_eq!(rotated().len(), 11);
    }

    #[pg_test]
    fn it_goes_on_where_it_stood() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 10");
        run("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
        for last_id in [3, 6, 9, 10] {
            assert_eq!(rotate("NULL, 3"), Some(last_id));
        }
        assert_eq!(rotate("NULL, 3"), None);
        let intervals = one::<String>(
            "SELECT string_agg(format('%s-%s', first_id, last_id), ' ' ORDER BY last_id)
             FROM ticket_rotation_batch WHERE sweep = 1",
        );
        assert_eq!(intervals.as_deref(), Some("-9223372036854775808-3 4-6 7-9 10-10"));
    }

    #[pg_test]
    fn the_highest_key_of_all_is_swept_once() {
        create_tickets("g FROM (VALUES (1), (9223372036854775807)) AS keys (g)");
        rotate("NULL, 10");
        let put_back = "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id";
        run(put_back);
        assert_eq!(rotate("NULL, 10"), Some(i64::MAX));
        run(put_back);
        finish(10);
        assert_eq!(count("verify_ticket_rotation() WHERE old_token_keys = '{1,9223372036854775807}'"), 1);
    }

    #[pg_test]
    fn ranges_are_swept_one_by_one() {
        create_tickets("generate_series(1, 12)");
        run("SELECT start_ticket_rotation(ranges => 4)");
        while one::<i64>("SELECT ranges_left FROM batch_progress") != Some(0) {
            rotate("NULL, 2");
        }
        run(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN (2, 11)",
        );
        finish(10);
        assert_eq!(rotated().len(), 12);
        assert_eq!(count("ticket_rotation_range WHERE swept_at IS NULL"), 0);
    }

    fn put_back(ids: &str) {
        run(&format!(
            "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id IN ({ids})"
        ));
    }

    #[pg_test]
    fn an_old_token_that_came_back_after_the_end_is_swept_by_another_sweep() {
        create_tickets("generate_series(1, 10)");
        finish(4);
        run("CREATE TABLE live AS TABLE ticket");
        put_back("3, 7, 8");
        assert_eq!(count("verify_ticket_rotation() WHERE NOT verified AND old_tokens = 3"), 1);
        run("SELECT sweep_ticket_rotation()");
        let progress =
            "SELECT concat_ws(' ', state, phase, tickets_done, percent, finished_at) FROM batch_progress";
        assert_eq!(one::<String>(progress).as_deref(), Some("active sweeping 10 100.00"));
        assert_eq!(rotate("NULL, 2"), Some(7));
        assert_eq!(one::<String>(progress).as_deref(), Some("active sweeping 12 100.00"));
        finish(2);
        assert_eq!(count("ticket JOIN live USING (id, token)"), 7, "no other ticket is rotated");
        assert_eq!(rotated().len(), 10);
        assert_eq!(count("verify_ticket_rotation() WHERE verified AND tickets_swept = 3"), 1);
        put_back("7");
        run("SELECT sweep_ticket_rotation()");
        finish(2);
        assert_eq!(count("verify_ticket_rotation() WHERE verified AND tickets_swept = 4"), 1);
        assert_eq!(one::<i32>("SELECT max(sweep) FROM ticket_rotation_batch"), Some(3));
    }

    #[pg_test]
    fn another_sweep_leaves_the_tickets_alone_that_came_since() {
        create_tickets("generate_series(2, 20, 2)");
        finish(4);
        run("INSERT INTO ticket VALUES (3), (7), (21); CREATE TABLE live AS TABLE ticket");
        put_back("8");
        run("SELECT sweep_ticket_rotation()");
        assert_eq!(count("verify_ticket_rotation() WHERE created_since = 2 AND not_rotated = 0"), 1);
        finish(4);
        assert_eq!(count("ticket JOIN live USING (id, token)"), 12);
        assert_eq!(count("verify_ticket_rotation() WHERE verified AND created_since = 2"), 1);
    }

    #[pg_test]
    fn another_sweep_rotates_a_ticket_that_the_first_one_left_out() {
        create_tickets("generate_series(1, 10)");
        finish(4);
        run("UPDATE ticket_rotation_batch SET keys = keys[2:], digests = digests[2:] WHERE last_id = 4;
             UPDATE ticket_rotation SET sweep_horizon =
                 (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000)::text::xid8;
             CREATE TABLE live AS TABLE ticket;
             SELECT sweep_ticket_rotation()");
        finish(4);
        assert_eq!(
            one::<Vec<i64>>(
                "SELECT array_agg(live.id) FROM live LEFT JOIN ticket USING (id, token)
                                    WHERE ticket.id IS NULL"
            ),
            Some(vec![1])
        );
    }

    #[pg_test]
    fn a_sweep_that_was_cancelled_goes_on() {
        create_tickets("generate_series(1, 10)");
        finish(10);
        put_back("3, 7, 8");
        run("SELECT sweep_ticket_rotation()");
        rotate("NULL, 1");
        run("SELECT cancel_ticket_rotation(); SELECT sweep_ticket_rotation()");
        finish(10);
        assert_eq!(rotated().len(), 10);
        assert_eq!(one::<i32>("SELECT sweep FROM ticket_rotation"), Some(2));
        assert_eq!(count("verify_ticket_rotation() WHERE verified AND tickets_swept = 3"), 1);
    }

    /// The message of the error that meets another sweep.
    fn refusal() -> Option<String> {
        run(
            "CREATE FUNCTION refusal() RETURNS text LANGUAGE plpgsql AS
                 'BEGIN PERFORM sweep_ticket_rotation(); RETURN NULL;
                  EXCEPTION WHEN object_in_use OR object_not_in_prerequisite_state THEN RETURN SQLERRM; END'",
        );
        one("SELECT regexp_replace(refusal(), 'run [0-9]+', 'run N')")
    }

    #[pg_test]
    fn a_run_that_has_not_finished_is_not_swept_again() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 4");
        assert_eq!(refusal().as_deref(), Some("run N of table public.ticket is not finished"));
    }

    #[pg_test]
    fn a_run_that_was_cancelled_half_way_is_not_swept() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 4");
        run("SELECT cancel_ticket_rotation()");
        assert_eq!(refusal().as_deref(), Some("run N of table public.ticket is cancelled"));
    }

    #[pg_test]
    fn a_run_whose_entries_are_forgotten_is_not_swept_again() {
        create_tickets("generate_series(1, 10)");
        finish(10);
        run("SELECT forget_ticket_rotation(run_id) FROM ticket_rotation");
        assert_eq!(refusal().as_deref(), Some("the entries of run N of table public.ticket are forgotten"));
    }
}
