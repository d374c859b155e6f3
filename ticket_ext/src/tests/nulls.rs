use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// 30 tickets, of which each third has NULL and each third an empty text for a token.
    fn leak(kind: &str) {
        run(&format!(
            "CREATE TABLE ticket (id bigint PRIMARY KEY, token {kind});
             INSERT INTO ticket SELECT i, (ARRAY[gen_random_uuid()::text, NULL, ''])[1 + i % 3] FROM generate_series(1, 30) AS i;
             CREATE TABLE leaked AS TABLE ticket"
        ));
    }

    fn verified() -> Option<String> {
        one("SELECT concat_ws(' ', verified, tickets_rotated, without_token) FROM verify_ticket_rotation()")
    }

    #[pg_test]
    fn a_ticket_without_a_token_stays_without_one_and_is_counted() {
        for kind in ["text", "varchar(40) COLLATE \"C\"", "char(40)"] {
            leak(kind);
            while rotate("NULL, 7").is_some() {}
            assert_eq!(rotated().len(), 10, "{kind}");
            assert_eq!(count("ticket WHERE token IS NULL"), 10, "{kind}");
            assert_eq!(verified().as_deref(), Some("t 10 20"), "{kind}");
            let shown =
                "SELECT concat_ws(' ', tickets_done, tickets_planned, without_token) FROM batch_progress
                         ORDER BY run_id DESC LIMIT 1";
            assert_eq!(one::<String>(shown).as_deref(), Some("10 10 20"), "{kind}");
            run("DROP TABLE ticket, leaked");
        }
    }

    #[pg_test]
    fn asked_to_a_run_gives_each_ticket_a_token() {
        leak("text");
        run("SELECT start_ticket_rotation(fill_null => true)");
        rotate("NULL, 30");
        run("INSERT INTO ticket VALUES (0, NULL), (-1, ''); CREATE TABLE before AS TABLE ticket");
        while rotate("NULL, 30").is_some() {}
        assert_eq!(count("ticket WHERE coalesce(token, '') = ''"), 0);
        assert_eq!(count("ticket JOIN before USING (id, token)"), 30, "swept are only those that had none");
        assert_eq!(count("ticket_rotation_batch, unnest(digests) AS digest WHERE digest IS NULL"), 22);
        assert_eq!(verified().as_deref(), Some("t 32 0"));
    }

    #[pg_test]
    fn a_token_that_the_application_takes_away_again_is_not_given_twice() {
        leak("text");
        run("SELECT start_ticket_rotation(fill_null => true)");
        rotate("NULL, 30");
        run("UPDATE ticket SET token = NULL WHERE id = 1; UPDATE ticket SET token = '' WHERE id = 2");
        while rotate("NULL, 30").is_some() {}
        assert_eq!(verified().as_deref(), Some("t 30 2"));
    }

    #[pg_test]
    fn duplicates_are_those_of_tokens() {
        leak("text");
        run("CREATE UNIQUE INDEX ON ticket (token) WHERE token <> ''");
        while rotate("NULL, 7").is_some() {}
        assert_eq!(one::<i64>("SELECT duplicate_tokens FROM verify_ticket_rotation()"), Some(0));
    }
}
