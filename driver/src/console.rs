//! Words for people. Progress has stdout to itself while a rotation runs.

use std::io::{self, IsTerminal, Write};

use crate::error::Error;

/// A command's result, on stdout.
pub fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// A remark, on stderr, which may be closed.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "rotate-driver: {text}");
}

/// A note while a bar may be on the screen, or the terminal's `^C`: it begins a line of its own.
pub fn interject(text: &str) {
    if io::stderr().is_terminal() {
        let _ = writeln!(io::stderr());
    }
    note(text);
}

/// What happened, in the shape psql gives it.
pub fn report(error: &Error) {
    note(&error.to_string());
    for (label, text) in [("DETAIL", error.detail()), ("HINT", error.hint())] {
        if let Some(text) = text {
            let _ = writeln!(io::stderr(), "{label}: {text}");
        }
    }
}
