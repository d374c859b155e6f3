//! What the statistics views show of others takes a privilege; without it they show NULL, which is no lag and no load.

use postgres::Row;

use crate::error::Error;

/// By the columns `visible` and `remedy` of a statement that reads such views.
pub fn require(row: &Row, what: &'static str) -> Result<(), Error> {
    if row.get("visible") { Ok(()) } else { Err(Error::StatisticsHidden { what, remedy: row.get("remedy") }) }
}
