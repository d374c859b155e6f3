//! Tables of tickets of several shapes: keys, types of token, triggers, partitions.

use std::ops::RangeInclusive;

use fastrand::Rng;

#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    key: &'static str,
    pub keys: RangeInclusive<i64>,
    token: &'static str,
    pub may_be_null: bool,
    pub is_unique: bool,
    /// Statements after CREATE TABLE.
    more: &'static str,
    is_partitioned: bool,
}

const BIGINT: RangeInclusive<i64> = i64::MIN..=i64::MAX;

const SHAPES: [Shape; 7] = [
    Shape::plain("plain", "bigint PRIMARY KEY", BIGINT),
    Shape::plain("smallint keys", "smallint PRIMARY KEY", i16::MIN as i64..=i16::MAX as i64),
    Shape { token: "text", ..Shape::plain("a sequence", "bigserial PRIMARY KEY", BIGINT) },
    Shape {
        token: "bytea",
        may_be_null: true,
        is_unique: false,
        ..Shape::plain("NULL", "bigint PRIMARY KEY", BIGINT)
    },
    Shape {
        is_partitioned: true,
        is_unique: false,
        more: "CREATE TABLE part_low PARTITION OF ticket FOR VALUES FROM (MINVALUE) TO (10);
               CREATE TABLE part_mid PARTITION OF ticket FOR VALUES FROM (10) TO (20);
               CREATE TABLE part_high PARTITION OF ticket FOR VALUES FROM (20) TO (MAXVALUE)",
        ..Shape::plain("partitions", "bigint PRIMARY KEY", BIGINT)
    },
    Shape {
        more: "CREATE TRIGGER harmless BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION let_it_be()",
        ..Shape::plain("row trigger", "bigint PRIMARY KEY", BIGINT)
    },
    Shape {
        token: "varchar(40)",
        may_be_null: true,
        more:
            "CREATE CONSTRAINT TRIGGER harmless AFTER INSERT OR UPDATE ON ticket DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION let_it_be()",
        ..Shape::plain("deferred trigger", "bigint PRIMARY KEY", BIGINT)
    },
];

impl Shape {
    const fn plain(name: &'static str, key: &'static str, keys: RangeInclusive<i64>) -> Self {
        let more = "";
        Self {
            name,
            key,
            keys,
            token: "uuid",
            may_be_null: false,
            is_unique: true,
            more,
            is_partitioned: false,
        }
    }

    pub fn any(random: &mut Rng) -> &'static Self {
        &SHAPES[random.usize(..SHAPES.len())]
    }

    pub fn has_sequence(&self) -> bool {
        self.key.contains("serial")
    }

    /// Instead of the table of the case before.
    pub fn create(&self) -> String {
        let Self { key, token, more, .. } = self;
        let not_null = if self.may_be_null { "" } else { " NOT NULL" };
        let unique = if self.is_unique { " UNIQUE" } else { "" };
        let partitioned = if self.is_partitioned { "PARTITION BY RANGE (id)" } else { "" };
        format!(
            "TRUNCATE ticket_rotation, ticket_rotation_range, ticket_rotation_batch, ticket_rotation_control;
             DROP TABLE IF EXISTS ticket;
             CREATE TABLE ticket (id {key}, token {token}{not_null}{unique}, note bigint NOT NULL DEFAULT 0) {partitioned};
             {more}"
        )
    }

    /// A token of the model as a literal of the column's type.
    pub fn literal(&self, token: Option<&str>) -> String {
        match token {
            None => "NULL".into(),
            Some(token) if self.token == "bytea" => format!("'\\x{token}'"),
            Some(token) => format!("'{token}'"),
        }
    }

    /// The reverse of it.
    pub fn text(&self, token: &str) -> String {
        if self.token == "bytea" { format!("encode({token}, 'hex')") } else { format!("{token}::text") }
    }

    /// By the server's own hash.
    pub fn digest(&self) -> String {
        let bytes = match self.token {
            "uuid" => "uuid_send(token)",
            "bytea" => "token",
            _ => "convert_to(token::text, 'UTF8')",
        };
        format!("('x' || encode(substring(sha256({bytes}) FOR 8), 'hex'))::bit(64)::bigint")
    }

    /// One that nobody had before.
    pub fn new_token(&self, random: &mut Rng) -> String {
        let bits = random.u128(..);
        match self.token {
            "bytea" => format!("{bits:032x}"),
            _ => uuid::Uuid::from_u128(bits).to_string(),
        }
    }
}
