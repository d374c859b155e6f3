//! Shows the evidence on the newest run; the exit code is the verdict.

use crate::cli::{Format, Verify};
use crate::console;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Session;
use crate::verify::gather;

pub fn verify(session: &mut Session, options: &Verify) -> Result<Exit, Error> {
    let evidence = gather(session, &options.list)?;
    match options.format {
        Format::Text => console::say(&evidence.text())?,
        Format::Json => console::say(&evidence.json().to_string())?,
    }
    Ok(if evidence.verified() { Exit::Finished } else { Exit::NotVerified })
}
