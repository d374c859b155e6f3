//! The same random calls and writes against both editions: equal answers, SQLSTATEs and words, and equal ledgers but
//! for times and the digests of random tokens.

use fastrand::Rng;
use postgres::Client;

use crate::common::{Database, Edition, Server};

const STEPS: usize = 120;

/// Tables of each kind of key, with a copy of the tokens that leaked.
const TABLES: [&str; 3] = [
    "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid UNIQUE)",
    "CREATE TABLE ticket (id integer NOT NULL, part integer, token text, PRIMARY KEY (id, part))",
    "CREATE TABLE ticket (key uuid PRIMARY KEY, id bigint NOT NULL, token bytea)",
];

/// Tokens that are the same in both databases.
const TOKENS: [&str; 3] = ["md5($1)::uuid", "md5($1)::uuid::text", "decode(md5($1), 'hex')"];

struct Pair {
    extension: Client,
    plain: Client,
    kind: usize,
    log: Vec<String>,
}

impl Pair {
    fn new(kind: usize) -> Self {
        let [extension, plain] = [Edition::Extension, Edition::Plain]
            .map(|edition| Database::with_functions_in_public(edition, Server::shared()).connect());
        let mut pair = Self { extension, plain, kind, log: Vec::new() };
        pair.both(TABLES[kind]);
        (1..=40).for_each(|id| pair.insert(id));
        pair.both("CREATE TABLE leaked AS TABLE ticket");
        pair
    }

    /// The rows as text, or the error's code and words.
    #[track_caller]
    fn both(&mut self, sql: &str) {
        let [extension, plain] = [&mut self.extension, &mut self.plain].map(|client| answer(client, sql));
        self.log.push(format!("{sql} -> {extension}"));
        assert_eq!(plain, extension, "the plain edition differs at the end of:\n{}", self.log.join("\n"));
    }

    fn insert(&mut self, id: u32) {
        let token = TOKENS[self.kind].replace("$1", &format!("'{id}'"));
        let columns = ["id, token", "id, part, token", "key, id, token"][self.kind];
        let key = [format!("{id}"), format!("{}, {id}", id / 3), format!("md5('key {id}')::uuid, {id}")];
        self.both(&format!(
            "INSERT INTO ticket ({columns}) VALUES ({}, {token}) ON CONFLICT DO NOTHING",
            key[self.kind]
        ));
    }

    fn step(&mut self, random: &mut Rng) {
        let (id, batch) = (random.u32(1..60), random.u32(1..25));
        let of_id = if self.kind == 1 { "part" } else { "id" };
        let call = match random.u32(0..22) {
            0 => format!("start_ticket_rotation(ranges => {})", random.u32(1..5)),
            1 => "start_ticket_rotation(key_column => 'id', fill_null => true)".to_owned(),
            2 if random.bool() => "pause_ticket_rotation()".to_owned(),
            3 | 20 => "resume_ticket_rotation()".to_owned(),
            21 if random.bool() => format!("forget_ticket_rotation({})", random.u32(1..4)),
            4 if random.bool() => "cancel_ticket_rotation()".to_owned(),
            5 => "sweep_ticket_rotation()".to_owned(),
            6 => format!("tune_ticket_rotation(nice => {}, workers => {batch})", f64::from(batch) / 10.0),
            7 => return self.insert(id),
            8 => return self.both(&format!("DELETE FROM ticket WHERE {of_id} = {id}")),
            9 => {
                let restore = "UPDATE ticket SET token = leaked.token FROM leaked";
                return self.both(&format!(
                    "{restore} WHERE leaked.{of_id} = ticket.{of_id} AND ticket.{of_id} % 7 = {}",
                    id % 7
                ));
            }
            10 => {
                let token = TOKENS[self.kind].replace("$1", &format!("'new {id} {batch}'"));
                return self.both(&format!("UPDATE ticket SET token = {token} WHERE {of_id} = {id}"));
            }
            11 => return self.both(&format!("UPDATE ticket SET token = NULL WHERE {of_id} = {id}")),
            12 | 13 => return self.verify(),
            14 if self.kind < 2 => format!("rotate_ticket_tokens({id}, {batch})"),
            _ => format!("rotate_ticket_tokens(NULL, {batch})"),
        };
        self.both(&format!("SELECT {call}"));
    }

    #[track_caller]
    fn verify(&mut self) {
        self.both(
            "SELECT run_id, state, verified, tickets_rotated, tickets_swept, ledger_gaps, old_tokens, old_token_keys,
                    not_rotated, not_rotated_keys, created_since, without_token, duplicate_tokens
             FROM verify_ticket_rotation()",
        );
    }

    /// The first run has retired known tokens only.
    #[track_caller]
    fn compare_ledgers(&mut self) {
        self.both(
            "SELECT run_id, sweep, first_id, last_id, tickets, range_tickets, keys,
                    CASE run_id WHEN 1 THEN digests END, cardinality(digests), cardinality(new_digests)
             FROM ticket_rotation_batch ORDER BY run_id, sweep, last_id",
        );
        self.both(
            "SELECT run_id, first_id, last_id, rotated_at IS NULL, swept_at IS NULL
             FROM ticket_rotation_range ORDER BY run_id, first_id",
        );
        self.both(
            "SELECT run_id, target_name, key_column, token_column, state, upper_id, sweep, tickets_planned, token_format,
                    fill_null, without_token FROM ticket_rotation ORDER BY run_id",
        );
    }
}

fn answer(client: &mut Client, sql: &str) -> String {
    let query = if sql.starts_with("SELECT") {
        format!("SELECT coalesce(string_agg(answer::text, ' '), '') FROM ({sql}) AS answer")
    } else {
        format!("WITH done AS ({sql} RETURNING 1) SELECT count(*)::text FROM done")
    };
    if sql.starts_with("CREATE") {
        client.batch_execute(sql).expect("the table is new");
        return String::new();
    }
    match client.query_one(&query, &[]) {
        Ok(row) => row.get(0),
        Err(error) => {
            let said = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}"));
            let [detail, hint] = [said.detail(), said.hint()].map(Option::unwrap_or_default);
            format!("{} {}: {detail} {hint}", said.code().code(), said.message())
        }
    }
}

#[test]
fn both_editions_answer_the_same_and_keep_the_same_ledger() {
    for (kind, seed) in (0..TABLES.len()).flat_map(|kind| [1, 2].map(|seed| (kind, seed))) {
        let mut random = Rng::with_seed(seed);
        let mut pair = Pair::new(kind);
        for _ in 0..STEPS {
            pair.step(&mut random);
        }
        pair.compare_ledgers();
        pair.verify();
    }
}
