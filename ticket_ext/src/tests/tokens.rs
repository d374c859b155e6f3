use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    #[pg_test]
    fn tokens_are_of_version_4_and_distinct() {
        // More than one block of entropy: 4096 bytes are 256 tokens.
        run(
            "CREATE TEMP TABLE made AS SELECT new_ticket_token()::text AS token FROM generate_series(1, 1000)",
        );
        assert_eq!(
            count(
                "made WHERE token ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'"
            ),
            1000
        );
        assert_eq!(count("(SELECT DISTINCT token FROM made) AS t"), 1000);
    }

    #[pg_test]
    fn every_random_bit_varies() {
        run(
            "CREATE TEMP TABLE made AS SELECT uuid_send(new_ticket_token()) AS token FROM generate_series(1, 2000)",
        );
        let constant = count(
            "generate_series(0, 127) AS bit
             WHERE (SELECT count(DISTINCT get_bit(token, bit)) FROM made) = 1",
        );
        assert_eq!(constant, 6, "only the 4 bits of the version and the 2 of the variant are fixed");
    }
}
