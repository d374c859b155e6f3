//! The list of leaked tokens, streamed to the server and looked for among the live ones.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::{Row, Transaction};

use super::token::Form;
use crate::error::Error;
use crate::session::{Session, fill};

pub struct Leaked {
    pub tokens: i64,
    pub survivors: i64,
    /// The first ones only.
    pub survivor_ids: Vec<i64>,
}

pub fn find(session: &mut Session, file: &Path) -> Result<Leaked, Error> {
    let mut list = List::open(file)?;
    let target = session.target().clone();
    let mut transaction = session.transaction()?;
    let place = transaction.query_typed_one(include_str!("../sql/leaked_place.sql"), &target.parameters())?;
    let form = Form::of(place.get("type"));
    list.copy(&mut transaction, form)?;
    let leaked = survivors(&mut transaction, &place)?;
    match leaked.tokens {
        0 => Err(Error::LeakedEmpty(list.place)),
        _ => Ok(leaked),
    }
}

fn survivors(transaction: &mut Transaction, place: &Row) -> Result<Leaked, Error> {
    let names = ["id", "token", "table"].map(|name| (name, place.get(name)));
    let sql = fill(include_str!("../sql/leaked_survivors.sql"), &names);
    let row = transaction.query_typed_one(&sql, &[])?;
    Ok(Leaked { tokens: row.get("tokens"), survivors: row.get("survivors"), survivor_ids: row.get("ids") })
}

struct List {
    place: String,
    reader: Reader<Box<dyn Read>>,
}

impl List {
    fn open(file: &Path) -> Result<Self, Error> {
        if file == Path::new("-") {
            return Ok(Self::new("standard input".to_owned(), Box::new(io::stdin())));
        }
        let place = file.display().to_string();
        match File::open(file) {
            Ok(file) => Ok(Self::new(place, Box::new(file))),
            Err(error) => Err(Error::LeakedUnreadable { place, reason: error.to_string() }),
        }
    }

    fn new(place: String, input: Box<dyn Read>) -> Self {
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(input);
        Self { place, reader }
    }

    /// The table goes with the transaction.
    fn copy(&mut self, transaction: &mut Transaction, form: Form) -> Result<(), Error> {
        let column = form.column();
        transaction.batch_execute(&format!("CREATE TEMPORARY TABLE leaked_token (token {column})"))?;
        let copy = transaction.copy_in("COPY pg_temp.leaked_token FROM STDIN (FORMAT binary)")?;
        let mut rows = BinaryCopyInWriter::new(copy, &[column]);
        let mut record = ByteRecord::new();
        while self.read(&mut record)? {
            let field = record.get(0).unwrap_or_default();
            let Some(token) = form.parse(field) else {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(Error::LeakedMalformed {
                    place: self.place.clone(),
                    line,
                    expected: form.name(),
                });
            };
            rows.write(&[&*token])?;
        }
        rows.finish()?;
        Ok(transaction.batch_execute("ANALYZE pg_temp.leaked_token")?)
    }

    fn read(&mut self, record: &mut ByteRecord) -> Result<bool, Error> {
        let unreadable = |error: csv::Error| Error::LeakedUnreadable {
            place: self.place.clone(),
            reason: error.to_string(),
        };
        self.reader.read_byte_record(record).map_err(unreadable)
    }
}
