//! Shows the evidence on the newest run; the exit code is the verdict.

use super::command_line::to_paste;
use super::persistent::Persistent;
use super::shards;
use crate::cli::{Format, Verify};
use crate::console;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Scope;
use crate::verify::Evidence;

/// `writes`: on a primary, where there are several servers.
pub fn verify(scope: &Scope, writes: bool, options: &Verify) -> Result<Exit, Error> {
    if options.shards.shards {
        return shards::verify(scope, options);
    }
    let mut session = Persistent::new(scope, writes, options.retry.retry_for);
    let leaked = options.list.file().map(|file| session.read_list(file)).transpose()?;
    let (run, target) = session.persist(|session| Ok((session.evidence()?, session.target().clone())))?;
    let evidence = Evidence { target, run, leaked };
    let cure = evidence.cure().map(|words| to_paste(scope, words));
    show(&evidence, cure, options)
}

pub fn show(evidence: &Evidence, cure: Option<String>, options: &Verify) -> Result<Exit, Error> {
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
