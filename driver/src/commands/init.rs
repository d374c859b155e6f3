//! Makes a sample table, in one transaction: a client that vanishes leaves nothing behind.

use postgres::types::Type;
use postgres::{Client, Row, Transaction};

use super::all_or_nothing::{Done, all_or_nothing};
use super::command_line::to_paste;
use crate::cli::Init;
use crate::console;
use crate::error::{EditionError, Error};
use crate::exit::Exit;
use crate::session::{Edition, Scope, fill, lift_limits};

/// The comment by which a sample table is known; without it nothing is replaced.
const MARK: &str = "sample table of rotate-driver init, which may replace it";

/// The table, quoted.
struct Made {
    table: String,
    missing: Option<EditionError>,
}

pub fn init(scope: &Scope, options: &Init) -> Result<Exit, Error> {
    match all_or_nothing(scope, |client| make(client, scope, options))? {
        Done::All(made) => tell(scope, options, &made),
        Done::Nothing(exit) => Ok(exit),
    }
}

fn make(client: &mut Client, scope: &Scope, options: &Init) -> Result<Made, Error> {
    let mut transaction = client.transaction()?;
    lift_limits(&mut transaction)?;
    let place = find_place(&mut transaction, scope)?;
    let table: &str = place.get("table");
    if place.get("exists") && !place.get::<_, bool>("ours") {
        return Err(Error::TableForeign { table: table.to_owned() });
    }
    let size = options.size.to_string();
    let (token_column, mark) = (place.get("token_column"), MARK);
    let values = [("table", table), ("token_column", token_column), ("size", &size), ("mark", mark)];
    let sql = fill(include_str!("../sql/sample_table.sql"), &values);
    transaction.batch_execute(&sql)?;
    let missing = missing_edition(&mut transaction)?;
    transaction.commit()?;
    Ok(Made { table: table.to_owned(), missing })
}

/// What would not let it be rotated.
fn missing_edition(transaction: &mut Transaction) -> Result<Option<EditionError>, Error> {
    match Edition::of(transaction, None) {
        Err(Error::Edition(missing)) => Ok(Some(missing)),
        found => found.map(|_| None),
    }
}

fn find_place(transaction: &mut Transaction, scope: &Scope) -> Result<Row, Error> {
    let row = transaction.query_typed_one(
        include_str!("../sql/sample_place.sql"),
        &[(&scope.table, Type::TEXT), (&scope.token_column, Type::TEXT), (&MARK, Type::TEXT)],
    )?;
    Ok(row)
}

fn tell(scope: &Scope, options: &Init, made: &Made) -> Result<Exit, Error> {
    console::say(&format!("made table {} with {} ticket(s)", made.table, options.size))?;
    match made.missing {
        Some(EditionError::ExtensionMissing(_)) => {
            console::say("next, in SQL: CREATE EXTENSION ticket_ext;")?;
        }
        Some(_) => console::say(&format!("next: {}", to_paste(scope, &["setup"])))?,
        None => {}
    }
    console::say(&format!("next: {}", to_paste(scope, &["run"])))?;
    Ok(Exit::Finished)
}
