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
}
