use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// 30 tickets whose tokens are made by an expression on `i`.
    fn leak(column: &str, token: &str) {
        run(
            "DROP TABLE IF EXISTS ticket, leaked; DELETE FROM ticket_rotation; DELETE FROM ticket_rotation_batch",
        );
        run(&format!(
            "CREATE TABLE ticket (id bigint PRIMARY KEY, token {column});
             INSERT INTO ticket SELECT i, {token} FROM generate_series(1, 30) AS i;
             CREATE TABLE leaked AS TABLE ticket"
        ));
    }

    fn start(format: &str) {
        run(&format!("SELECT start_ticket_rotation(format => '{format}')"));
    }

    /// Runs, is interrupted, goes on and is verified.
    fn rotates(format: &str, shape: &str) {
        start(format);
        rotate("NULL, 7");
        run("DO 'BEGIN PERFORM rotate_ticket_tokens(NULL, 7); RAISE division_by_zero;
             EXCEPTION WHEN division_by_zero THEN END'");
        while rotate("NULL, 7").is_some() {}
        assert_eq!(rotated().len(), 30, "{format}");
        assert_eq!(entries().len(), 30, "{format}");
        assert_eq!(count(&format!("ticket WHERE {shape}")), 30, "{format}: {shape}");
        assert_eq!(count("(SELECT DISTINCT token FROM ticket) AS t"), 30, "{format}");
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1, "{format}");
    }

    /// The words of the error that a statement ends in.
    fn said(statement: &str) -> String {
        run("CREATE OR REPLACE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
             DECLARE message text; detail text; hint text;
             BEGIN
                 EXECUTE statement;
                 RETURN 'done';
             EXCEPTION WHEN OTHERS THEN
                 GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
                 RETURN concat_ws(' ', message, detail, hint);
             END$$");
        one(&format!("SELECT said($said${statement}$said$)")).unwrap_or_default()
    }

    /// What a start says that is refused; nothing has changed then.
    fn refused(arguments: &str) -> String {
        let said = said(&format!("SELECT start_ticket_rotation({arguments})"));
        assert_eq!(count("ticket_rotation"), 0, "{said}");
        said
    }

    fn assert_refused(arguments: &str, words: &[&str]) {
        let said = refused(arguments);
        for word in words {
            assert!(said.contains(word), "{arguments}: {word} is not in: {said}");
        }
    }

    #[pg_test]
    fn every_format_on_every_type_of_column() {
        run("CREATE DOMAIN key AS text CHECK (VALUE LIKE 'sk\\_live\\_%')");
        for (column, token, format, shape) in [
            (
                "text",
                "'sk_live_' || md5(i::text)",
                "sk_live_{base62:32}",
                "token ~ '^sk_live_[0-9A-Za-z]{32}$'",
            ),
            (
                "varchar(64) UNIQUE",
                "encode(sha256(i::text::bytea), 'hex')",
                "{hex:64}",
                "token ~ '^[0-9a-f]{64}$'",
            ),
            (
                "char(24) NOT NULL UNIQUE",
                "substr(md5(i::text), 1, 24)",
                "{base58:24}",
                "token ~ '^[1-9A-HJ-NP-Za-km-z]{24}$'",
            ),
            ("char(50)", "md5(i::text)", "{base64url:43}", "token::text ~ '^[-_0-9A-Za-z]{43}$'"),
            ("text COLLATE \"C\"", "md5(i::text)", "{base32:26}", "token ~ '^[A-Z2-7]{26}$'"),
            ("key", "'sk_live_' || md5(i::text)", "sk_live_{digits:20}", "token ~ '^sk_live_\\d{20}$'"),
            ("text", "md5(i::text)", "uuid", "token::uuid IS NOT NULL"),
            ("bytea UNIQUE", "sha256(i::text::bytea)", "{bytes:32}", "length(token) = 32"),
            ("bytea", "sha256(i::text::bytea)", "uuid", "length(token) = 16"),
            ("bytea", "i::text::bytea", "sk-{HEX:20}", "encode(token, 'escape') ~ '^sk-[0-9A-F]{20}$'"),
            ("uuid UNIQUE", "gen_random_uuid()", "uuid", "true"),
            ("uuid UNIQUE", "gen_random_uuid()", "{uuid}", "true"),
            ("bytea", "sha256(i::text::bytea)", "{uuid}", "length(token) = 16"),
        ] {
            leak(column, token);
            rotates(format, shape);
        }
    }

    #[pg_test]
    fn functions_make_tokens() {
        run("CREATE SCHEMA \"App\";
             CREATE FUNCTION \"App\".new_key() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT 'n_' || gen_random_uuid()$$;
             CREATE FUNCTION \"App\".next_key(text) RETURNS varchar LANGUAGE sql VOLATILE AS
                 $$SELECT split_part($1, '_', 1) || '_' || gen_random_uuid()$$;
             CREATE FUNCTION \"App\".next_id(uuid) RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()'");
        leak("text", "'old_' || i");
        rotates("function:\"App\".new_key", "token LIKE 'n\\_%'");
        leak("varchar(50)", "CASE WHEN i > 15 THEN 'a_' ELSE 'b_' END || i");
        rotates("function:\"App\".next_key", "left(token, 2) = CASE WHEN id > 15 THEN 'a_' ELSE 'b_' END");
        leak("uuid", "gen_random_uuid()");
        rotates("function:\"App\".next_id(uuid)", "true");
        let kept = one::<String>("SELECT token_format FROM ticket_rotation ORDER BY run_id DESC LIMIT 1");
        assert_eq!(kept.as_deref(), Some("function:\"App\".next_id(uuid)"), "as every session calls it");
    }

    #[pg_test]
    fn without_a_format_tokens_other_than_uuids_are_refused_with_the_one_they_look_like() {
        leak("text", "'sk_live_' || translate(md5(i::text), 'ab', 'XY')");
        let words = ["no UUIDs", "sample of", "format => 'sk_live_{base62:32}'"];
        assert_refused("NULL", &words);
        assert_refused("fill_null => true", &["fill_null => true, format => 'sk_live_{base62:32}'"]);
        leak("bytea", "sha256(i::text::bytea)");
        assert_refused("NULL", &["format => '{bytes:32}'"]);
        leak("text", "CASE i WHEN 7 THEN 'code' ELSE gen_random_uuid()::text END");
        assert_refused("NULL", &["In a sample of 30, of which 29 are UUIDs"]);
    }

    #[pg_test]
    fn tokens_without_a_form_are_refused_unless_they_are_a_few() {
        leak("text", "repeat('!', i)");
        assert_refused("NULL", &["they have nothing in common that a format could say", "function:name"]);
        run("DELETE FROM ticket WHERE id > 3");
        assert!(rotate("NULL, 10").is_some());
        assert_eq!(count("ticket WHERE token::uuid IS NOT NULL"), 3);
    }

    #[pg_test]
    fn no_token_is_quoted_where_there_are_few() {
        run("CREATE TABLE ticket (id bigint PRIMARY KEY, token text);
             INSERT INTO ticket VALUES (1, 'correct-horse-battery')");
        assert!(!refused("NULL").contains("horse"));
    }

    #[pg_test]
    fn formats_that_do_not_serve_are_refused() {
        leak("varchar(20)", "left(md5(i::text), 20)");
        assert_refused(
            "format => '{base61:8}'",
            &["there is no field {base61:8}", "{base58:n}", "format =>"],
        );
        assert_refused(
            "format => '{hex:64}'",
            &["they have 64 characters, more than its character varying(20) holds"],
        );
        assert_refused("format => '{hex:8}'", &["has 32 random bits", "format => '{hex:8}', force => true"]);
        assert_refused("format => '{bytes:8}'", &["not of type bytea"]);
        run("ALTER TABLE ticket ADD UNIQUE (token)");
        assert_refused(
            "format => '{digits:1}', force => true",
            &["too few tokens for the 30 tickets", "10 different"],
        );
        assert_refused("format => 'function:nothing'", &["no such function"]);
        run("CREATE FUNCTION steady() RETURNS text LANGUAGE sql STABLE AS 'SELECT now()::text';
             CREATE FUNCTION no_text() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT 1::bigint';
             CREATE FUNCTION same() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT 'same'$$;
             CREATE FUNCTION no_token() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT NULL::text$$");
        assert_refused("format => 'function:steady'", &["is not VOLATILE"]);
        assert_refused("format => 'function:no_text'", &["returns bigint"]);
        assert_refused("format => 'function:same'", &["the same token twice"]);
        assert_refused("format => 'function:no_token'", &["returns NULL"]);
        leak("uuid", "gen_random_uuid()");
        for format in ["{hex:32}", "tok_{uuid}", "{uuid}{uuid}"] {
            assert_refused(&format!("format => '{format}'"), &["the column is of type uuid"]);
        }
    }

    #[pg_test]
    fn constraints_are_tried_before_the_run_starts() {
        leak("text", "'sk_' || md5(i::text)");
        run("ALTER TABLE ticket ADD kind text DEFAULT 'sk', ADD CHECK (token LIKE kind || '\\_%')");
        assert_refused("format => '{hex:32}'", &["they violate CHECK constraint", "of table public.ticket"]);
        rotates("sk_{hex:32}", "token LIKE 'sk\\_%'");
        run("CREATE DOMAIN word AS text CHECK (VALUE ~ '^[a-z]+$')");
        leak("word", "'a' || translate(md5(i::text), '0123456789', 'ghijklmnop')");
        assert_refused("format => '{hex:32}'", &["violates check constraint \"word_check\""]);
    }

    #[pg_test]
    fn short_codes_are_drawn_from_those_that_are_free() {
        leak("text UNIQUE", "lpad(i::text, 2, '0')");
        run("SELECT start_ticket_rotation(format => '{digits:2}', force => true)");
        while rotate("NULL, 10").is_some() {}
        assert_eq!(count("verify_ticket_rotation() WHERE verified"), 1);
        assert_eq!(count("ticket WHERE token ~ '^\\d\\d$'"), 30);
    }

    /// Another index makes all of them collide, as codes do that another session draws meanwhile.
    #[pg_test]
    fn a_collision_says_how_full_the_codes_are() {
        leak("text UNIQUE", "lpad(i::text, 2, '0')");
        run("CREATE UNIQUE INDEX ON ticket ((1)) WHERE id <= 10 AND token !~ '^0|10'");
        run("SELECT start_ticket_rotation(format => '{HEX:2}', force => true)");
        let said = said("SELECT rotate_ticket_tokens(NULL, 10)");
        let expected = "There are 256 tokens of format {HEX:2}, and 11.72 % of them are taken. The batch is rolled back.";
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("start a run with a longer format"), "{said}");
        assert_eq!(rotated().len(), 0);
    }

    #[pg_test(error = "the function that makes the tokens has returned the old token again")]
    fn a_function_that_returns_the_old_token_later_is_found_out() {
        run("CREATE FUNCTION later(text) RETURNS text LANGUAGE sql VOLATILE AS
                 $$SELECT CASE WHEN current_setting('test.later', true) = 'yes' THEN $1 ELSE gen_random_uuid()::text END$$");
        leak("text", "md5(i::text)");
        start("function:later");
        run("SET LOCAL test.later = 'yes'");
        rotate("NULL, 10");
    }
}
