use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    #[pg_test]
    fn the_limit_on_lock_waits_ends_with_the_batch() {
        create_tickets("generate_series(1, 10)");
        run("CREATE TABLE seen (setting text);
             CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
                 $$BEGIN INSERT INTO seen VALUES (current_setting('lock_timeout')); RETURN NULL; END$$;
             CREATE TRIGGER look AFTER UPDATE ON ticket EXECUTE FUNCTION look();
             SET deadlock_timeout = '4s'");
        for (own, limit) in [("0", "2s"), ("7s", "2s"), ("300ms", "300ms")] {
            run(&format!("DELETE FROM seen; SET lock_timeout = '{own}'"));
            rotate("NULL, 2");
            assert_eq!(one::<String>("SELECT setting FROM seen").as_deref(), Some(limit));
            assert_eq!(one::<String>("SHOW lock_timeout").as_deref(), Some(own));
        }
    }

    #[pg_test]
    fn repeating_zero_rotates_the_whole_table() {
        create_tickets("generate_series(1, 25)");
        assert_eq!(rotate("0, 10"), Some(10));
        assert_eq!(rotate("0, 10"), Some(20));
        assert_eq!(rotate("0, 10"), Some(25));
        assert_eq!(rotate("0, 10"), None);
        assert_eq!(rotated().len(), 25);
        assert_eq!(state().as_deref(), Some("finished"));
        assert_ledger_complete();
    }

    #[pg_test]
    fn feeding_each_result_into_the_next_call_rotates_the_whole_table() {
        create_tickets("generate_series(1, 25)");
        let mut last_id = Some(0);
        let mut calls = 0;
        while let Some(id) = last_id {
            last_id = rotate(&format!("{id}, 10"));
            calls += 1;
        }
        assert_eq!((rotated().len(), calls), (25, 4));
        assert_eq!(state().as_deref(), Some("finished"));
    }

    #[pg_test]
    fn null_rotates_the_whole_table() {
        create_tickets("generate_series(1, 25)");
        while rotate("NULL, 7").is_some() {}
        assert_eq!(rotated().len(), 25);
        assert_eq!(state().as_deref(), Some("finished"));
        assert_ledger_complete();
    }

    #[pg_test]
    fn the_call_that_finds_nothing_left_finishes_the_run() {
        create_tickets("generate_series(1, 20)");
        rotate("NULL, 10");
        assert_eq!(rotate("NULL, 10"), Some(20));
        assert_eq!(state().as_deref(), Some("active"));
        assert_eq!(rotate("NULL, 10"), None);
        assert_eq!(state().as_deref(), Some("finished"));
        assert_eq!(count("ticket_rotation_batch WHERE sweep > 0"), 0, "nothing was left to sweep");
    }

    #[pg_test]
    fn an_id_ahead_of_the_checkpoint_leaves_the_part_below_to_be_done() {
        create_tickets("generate_series(1, 30)");
        assert_eq!(rotate("20, 5"), Some(25));
        assert_eq!(rotated(), (21..=25).collect::<Vec<_>>());
        assert_eq!(rotate("20, 5"), Some(30));
        assert_eq!(rotate("20, 5"), None);
        assert_eq!(state().as_deref(), Some("active"));
        assert_eq!(rotate("NULL, 100"), Some(20));
        assert_eq!(rotate("NULL, 100"), None);
        assert_eq!(state().as_deref(), Some("finished"));
        assert_eq!(count("ticket_rotation_batch WHERE sweep = 0"), 3);
        assert_ledger_complete();
    }

    #[pg_test]
    fn any_order_of_ids_rotates_each_ticket_once() {
        create_tickets("g * 3 FROM generate_series(1, 100) AS g");
        for id in [150, 0, 299, 77, 150, -5, 10_000, 40, 298, 1] {
            rotate(&format!("{id}, 9"));
        }
        let before = rotated().len() as i64;
        assert_eq!(one::<i64>("SELECT sum(tickets)::bigint FROM ticket_rotation_batch"), Some(before));
        while rotate("NULL, 9").is_some() {}
        assert_eq!(rotated().len(), 100);
        assert_eq!(one::<i64>("SELECT sum(tickets)::bigint FROM ticket_rotation_batch"), Some(100));
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_ticket_is_never_rotated_twice() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 10");
        run("CREATE TABLE mailed AS TABLE ticket");
        assert_eq!(rotate("NULL, 10"), None);
        assert_eq!(rotate("3, 10"), None);
        assert_eq!(count("ticket JOIN mailed USING (id, token)"), 10);
    }

    #[pg_test]
    fn an_id_at_or_above_the_last_ticket_finds_nothing() {
        create_tickets("generate_series(1, 10)");
        assert_eq!(rotate("10, 5"), None);
        assert_eq!(rotate("9223372036854775807, 5"), None);
        assert!(rotated().is_empty());
        assert_eq!(state().as_deref(), Some("active"));
    }

    #[pg_test]
    fn gaps_and_negative_ids_are_no_obstacle() {
        create_tickets("unnest(ARRAY[-9223372036854775808, -5, 0, 7, 4000000000, 9223372036854775807])");
        assert_eq!(rotate("NULL, 2"), Some(-5));
        assert_eq!(rotate("NULL, 2"), Some(7));
        assert_eq!(rotate("NULL, 2"), Some(i64::MAX));
        assert_eq!(rotate("NULL, 2"), None);
        assert_eq!(rotated().len(), 6);
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_batch_larger_than_the_table_takes_it_whole() {
        create_tickets("generate_series(1, 10)");
        assert_eq!(rotate("NULL, 2147483647"), Some(10));
        assert_eq!(rotated().len(), 10);
    }

    #[pg_test]
    fn tickets_created_after_the_start_are_not_part_of_the_run() {
        create_tickets("generate_series(1, 10)");
        rotate("NULL, 5");
        run("INSERT INTO ticket SELECT generate_series(11, 20)");
        run("CREATE TABLE later AS SELECT * FROM ticket WHERE id > 10");
        while rotate("NULL, 5").is_some() {}
        assert_eq!(count("ticket JOIN later USING (id, token)"), 10);
    }

    #[pg_test]
    fn tickets_deleted_during_the_run_are_no_obstacle() {
        create_tickets("generate_series(1, 30)");
        rotate("NULL, 10");
        run("DELETE FROM ticket WHERE id BETWEEN 11 AND 22 OR id = 30");
        while rotate("NULL, 10").is_some() {}
        assert_eq!(rotated().len(), 17);
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_null_token_stays_null() {
        create_tickets("generate_series(1, 6)");
        run("UPDATE ticket SET token = NULL WHERE id % 2 = 0; DELETE FROM leaked WHERE id % 2 = 0");
        while rotate("NULL, 2").is_some() {}
        assert_eq!(rotated(), [1, 3, 5]);
        assert_eq!(count("ticket WHERE token IS NULL"), 3);
        assert_eq!(one::<i64>("SELECT tickets_planned FROM batch_progress"), Some(3));
        assert_ledger_complete();
    }

    #[pg_test]
    fn a_batch_of_thousands_of_millions_is_one_of_all_tickets() {
        create_tickets("generate_series(1, 10)");
        assert_eq!(rotate("NULL, 2000000000"), Some(10));
    }
}
