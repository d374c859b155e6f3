use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::*;

    /// Columns of a key, how the table is partitioned, and the option for it.
    const KEYS: [(&str, &str, &str); 6] = [
        ("id smallserial PRIMARY KEY", "", "NULL"),
        ("id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "PARTITION BY RANGE (id)", "NULL"),
        ("id uuid PRIMARY KEY DEFAULT gen_random_uuid()", "", "NULL"),
        (
            "id uuid DEFAULT gen_random_uuid(), at date DEFAULT now(), PRIMARY KEY (id, at)",
            "PARTITION BY RANGE (at)",
            "NULL",
        ),
        (
            "id serial, at date DEFAULT now(), PRIMARY KEY (at, id), UNIQUE (id, at)",
            "PARTITION BY RANGE (at)",
            "NULL",
        ),
        ("id integer NOT NULL DEFAULT random() * 5", "", "'id'"),
    ];

    /// The column of the tokens, an expression for the old ones, and a format for the new ones.
    const TOKENS: [(&str, &str, &str); 8] = [
        ("uuid", "gen_random_uuid()", "NULL"),
        ("uuid_of_app", "gen_random_uuid()", "NULL"),
        ("bytes_of_app", "sha256(random()::text::bytea)", "'{bytes:32}'"),
        ("varchar(36) NOT NULL", "gen_random_uuid()", "NULL"),
        ("text", "'sk_live_' || md5(random()::text)", "'sk_live_{base62:32}'"),
        ("char(24)", "left(md5(random()::text), 24)", "'{base58:24}'"),
        ("bytea", "sha256(random()::text::bytea)", "'{bytes:32}'"),
        ("key_of_app", "'k-' || md5(random()::text)", "'function:new_key'"),
    ];

    fn create((key, partitioned, _): (&str, &str, &str), (token, old, _): (&str, &str, &str)) {
        run(&format!("CREATE TABLE ticket ({key}, token {token}, number integer) {partitioned}"));
        if !partitioned.is_empty() {
            run("CREATE TABLE ticket_default PARTITION OF ticket DEFAULT");
        }
        run("DROP INDEX IF EXISTS by_id; CREATE INDEX by_id ON ticket (id)");
        run(&format!("INSERT INTO ticket (token, number) SELECT {old}, generate_series(1, 20)"));
        run("CREATE TABLE leaked AS TABLE ticket");
    }

    fn verified() -> Option<String> {
        one("SELECT concat_ws(' ', verified, tickets_rotated, old_tokens, not_rotated, duplicate_tokens)
             FROM verify_ticket_rotation()")
    }

    #[pg_test]
    fn every_key_with_every_token_is_rotated_interrupted_resumed_verified_and_traced() {
        run("CREATE DOMAIN uuid_of_app AS uuid NOT NULL;
             CREATE DOMAIN bytes_of_app AS bytea;
             CREATE DOMAIN key_of_app AS text COLLATE \"C\" CHECK (VALUE LIKE 'k-%');
             CREATE FUNCTION new_key() RETURNS key_of_app LANGUAGE sql VOLATILE AS $$SELECT 'k-' || gen_random_uuid()$$");
        for key in KEYS {
            for token in TOKENS {
                let what = format!("{key:?} {token:?}");
                create(key, token);
                run(&format!("SELECT start_ticket_rotation(key_column => {}, format => {})", key.2, token.2));
                rotate("NULL, 6");
                run("DO 'BEGIN PERFORM rotate_ticket_tokens(NULL, 6); RAISE division_by_zero;
                     EXCEPTION WHEN division_by_zero THEN END';
                     SELECT pause_ticket_rotation(), resume_ticket_rotation()");
                while rotate("NULL, 6").is_some() {}
                assert_eq!(count("ticket JOIN leaked USING (number, token)"), 0, "{what}");
                assert_eq!(verified().as_deref(), Some("t 20 0 0 0"), "{what}");
                assert_eq!(
                    count("leaked, trace_ticket_token(leaked.token::text) WHERE state = 'retired'"),
                    20,
                    "{what}"
                );
                run(
                    "UPDATE ticket SET token = leaked.token FROM leaked WHERE (ticket.number, leaked.number) = (7, 7)",
                );
                assert_eq!(verified().as_deref(), Some("f 20 1 0 0"), "{what}");
                run("DROP TABLE ticket, leaked");
            }
        }
    }

    #[pg_test]
    fn the_secure_tokens_of_rails() {
        run("CREATE TABLE users (id bigserial PRIMARY KEY, email character varying NOT NULL, token character varying(24),
                                 created_at timestamp(6) without time zone NOT NULL DEFAULT now());
             CREATE UNIQUE INDEX index_users_on_token ON users USING btree (token);
             INSERT INTO users (email, token) SELECT 'u' || i, translate(left(md5(i::text), 24), '0', 'Z') FROM generate_series(1, 20) AS i;
             CREATE TABLE leaked AS TABLE users;
             SELECT start_ticket_rotation('users', format => '{base58:24}')");
        while rotate("NULL, 6, 'users'").is_some() {}
        assert_eq!(count("users JOIN leaked USING (token)"), 0);
        assert_eq!(count("users WHERE token ~ '^[1-9A-HJ-NP-Za-km-z]{24}$'"), 20);
    }

    #[pg_test]
    fn the_api_keys_of_django_rest_framework() {
        run("CREATE TABLE authtoken_token (key varchar(40) NOT NULL PRIMARY KEY, created timestamptz NOT NULL DEFAULT now(),
                                           user_id integer NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED);
             CREATE INDEX authtoken_token_key_like ON authtoken_token (key varchar_pattern_ops);
             INSERT INTO authtoken_token SELECT encode(sha256(i::text::bytea), 'hex')::varchar(40), now(), i
                 FROM generate_series(1, 20) AS i;
             CREATE TABLE leaked AS TABLE authtoken_token;
             SELECT start_ticket_rotation('authtoken_token', 'key', key_column => 'user_id', format => '{hex:40}')");
        while rotate("NULL, 6, 'authtoken_token', 'key'").is_some() {}
        assert_eq!(count("authtoken_token JOIN leaked USING (key)"), 0);
        assert_eq!(
            count("authtoken_token JOIN leaked USING (user_id) WHERE authtoken_token.key ~ '^[0-9a-f]{40}$'"),
            20
        );
    }
}
