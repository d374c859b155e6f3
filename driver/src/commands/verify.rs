//! Shows the evidence on the newest run; the exit code is the verdict.

use super::command_line::to_paste;
use crate::cli::{Format, Verify};
use crate::console;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Scope, Session};
use crate::verify::gather;

pub fn verify(session: &mut Session, scope: &Scope, options: &Verify) -> Result<Exit, Error> {
    let evidence = gather(session, &options.list)?;
    let cure = evidence.cure().map(|words| to_paste(scope, words));
    match options.format {
        Format::Text => console::say(&evidence.text())?,
        Format::Json => {
            let mut json = evidence.json();
            json["cure"] = cure.as_deref().into();
            console::say(&json.to_string())?;
        }
    }
    if let Some(cure) = cure {
        console::note(&format!("not verified; what cures it: {cure}"));
    }
    Ok(if evidence.verified() { Exit::Finished } else { Exit::NotVerified })
}
