//! Makes a sample table, in one transaction: a client that vanishes leaves nothing behind.

use postgres::types::Type;
use postgres::{Client, Row, Transaction};

use super::command_line::to_paste;
use crate::cli::Init;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Scope, fill, lift_limits};
use crate::signals::Interrupt;
use crate::{connect, console};

/// The comment by which a sample table is known; without it nothing is replaced.
const MARK: &str = "sample table of rotate-driver init, which may replace it";

pub fn init(scope: &Scope, options: &Init) -> Result<Exit, Error> {
    let mut connection = connect::open(&scope.request(true))?;
    let interrupt = Interrupt::watch(0)?;
    interrupt.set_canceller(interrupt.new_slot(), Some(connection.canceller()));
    match (make(&mut connection.client, scope, options), interrupt.signal()) {
        (Ok(place), _) => tell(scope, options, &place),
        (Err(error), Some(signal)) if error.is_cancelled_query() => {
            console::note("interrupted: nothing was changed");
            Ok(Exit::Signal(signal))
        }
        (Err(error), _) => Err(error),
    }
}

fn make(client: &mut Client, scope: &Scope, options: &Init) -> Result<Row, Error> {
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
    transaction.commit()?;
    Ok(place)
}

fn find_place(transaction: &mut Transaction, scope: &Scope) -> Result<Row, Error> {
    let row = transaction.query_typed_one(
        include_str!("../sql/sample_place.sql"),
        &[(&scope.table, Type::TEXT), (&scope.token_column, Type::TEXT), (&MARK, Type::TEXT)],
    )?;
    Ok(row)
}

fn tell(scope: &Scope, options: &Init, place: &Row) -> Result<Exit, Error> {
    let table: &str = place.get("table");
    console::say(&format!("made table {table} with {} ticket(s)", options.size))?;
    if !place.get::<_, bool>("extension") {
        console::say("next, in SQL: CREATE EXTENSION ticket_ext;")?;
    }
    console::say(&format!("next: {}", to_paste(scope, &["run"])))?;
    Ok(Exit::Finished)
}
