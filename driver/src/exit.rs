//! Exit codes: what scripts and schedulers go by.

use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Finished,
    Failed,
    Usage,
    NotVerified,
    /// Somebody paused or cancelled the run.
    Stopped,
    /// It kept failing in a way that may pass; EX_TEMPFAIL of sysexits.h, for a scheduler to try again.
    GaveUp,
    /// A signal ended it: 128 + its number, as a shell reports that.
    Signal(i32),
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotVerified => 3,
            Self::Stopped => 4,
            Self::GaveUp => 75,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    #[test]
    fn codes_are_the_documented_ones() {
        let exits =
            [Exit::Finished, Exit::Failed, Exit::Usage, Exit::NotVerified, Exit::Stopped, Exit::GaveUp];
        assert_eq!(exits.map(Exit::code), [0, 1, 2, 3, 4, 75]);
    }

    #[test]
    fn signals_count_from_128() {
        let codes = [SIGHUP, SIGINT, SIGTERM].map(|signal| Exit::Signal(signal).code());
        assert_eq!(codes, [129, 130, 143]);
    }
}
