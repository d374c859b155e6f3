//! What a session sees of the tables: read in one round trip, by the words of the server.

use std::collections::BTreeMap;

use postgres::{Client, Error, SimpleQueryMessage};

use super::shape::Shape;

#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub token: Option<String>,
    pub digest: Option<i64>,
    pub note: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub state: String,
    pub upper_id: i64,
    /// The number of the last one.
    pub sweep: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    pub run: i64,
    pub first_id: i64,
    pub last_id: i64,
    pub is_rotated: bool,
    pub is_swept: bool,
}

/// Run, sweep and last key.
pub type BatchKey = (i64, i64, i64);

#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub first_id: i64,
    pub tickets: i64,
    pub entries: Vec<(i64, Option<i64>)>,
}

pub type Ledger = BTreeMap<BatchKey, Batch>;

#[derive(Debug)]
pub struct View {
    pub tickets: BTreeMap<i64, Seen>,
    pub runs: BTreeMap<i64, Run>,
    pub ranges: Vec<Range>,
    pub ledger: Ledger,
}

type Row = Vec<Option<String>>;

/// The rows of each statement.
pub fn query(client: &mut Client, sql: &str) -> Result<Vec<Vec<Row>>, Error> {
    let mut results = vec![Vec::new()];
    for message in client.simple_query(sql)? {
        match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|index| row.get(index).map(str::to_owned));
                results.last_mut().expect("there is one").push(values.collect());
            }
            SimpleQueryMessage::CommandComplete(_) => results.push(Vec::new()),
            _ => (),
        }
    }
    Ok(results)
}

impl View {
    pub fn of(client: &mut Client, shape: &Shape) -> Self {
        let text = shape.text("token");
        let digest = shape.digest();
        let sql = include_str!("view.sql").replace("{text}", &text).replace("{digest}", &digest);
        let results = query(client, &sql).expect("the tables can be read");
        let [tickets, runs, ranges, batches, ..] = &results[..] else { panic!("{} results", results.len()) };
        Self {
            tickets: tickets.iter().map(ticket).collect(),
            runs: runs.iter().map(run).collect(),
            ranges: ranges.iter().map(range).collect(),
            ledger: batches.iter().map(batch).collect(),
        }
    }

    /// Where a sweep of a range stands.
    pub fn swept_up_to(&self, range: &Range, sweep: i64) -> Option<i64> {
        let (first, last) = ((range.run, sweep, range.first_id), (range.run, sweep, range.last_id));
        self.ledger.range(first..=last).next_back().map(|(&(_, _, last_id), _)| last_id)
    }
}

impl Run {
    /// Whether a sweep of all its ranges has ended.
    pub fn has_been_swept(&self) -> bool {
        self.state == "finished" || self.sweep > 1
    }
}

fn number(row: &Row, column: usize) -> i64 {
    let text = row[column].as_deref().expect("it is not NULL");
    text.parse().unwrap_or_else(|_| panic!("{text} is a number"))
}

fn ticket(row: &Row) -> (i64, Seen) {
    let digest = row[2].as_ref().map(|_| number(row, 2));
    (number(row, 0), Seen { token: row[1].clone(), digest, note: number(row, 3) })
}

fn run(row: &Row) -> (i64, Run) {
    let state = row[1].clone().unwrap_or_default();
    (number(row, 0), Run { state, upper_id: number(row, 2), sweep: number(row, 3) })
}

fn range(row: &Row) -> Range {
    let is = |column: usize| row[column].as_deref() == Some("t");
    let [run, first_id, last_id] = [0, 1, 2].map(|column| number(row, column));
    Range { run, first_id, last_id, is_rotated: is(3), is_swept: is(4) }
}

fn batch(row: &Row) -> (BatchKey, Batch) {
    let [run, sweep, last_id, first_id, tickets] = [0, 1, 2, 3, 4].map(|column| number(row, column));
    let keys = array(row[5].as_deref()).into_iter().map(|key| key.expect("a key is not NULL"));
    let entries = keys.zip(array(row[6].as_deref())).collect();
    ((run, sweep, last_id), Batch { first_id, tickets, entries })
}

/// Of numbers, as the server writes it.
fn array(text: Option<&str>) -> Vec<Option<i64>> {
    let text = text.unwrap_or_default().trim_matches(['{', '}']);
    text.split(',').filter(|element| !element.is_empty()).map(|element| element.parse().ok()).collect()
}
