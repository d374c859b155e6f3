//! Advice on `max_wal_size`, which is what a large run depends on most.
//!
//! The first change of a page after a checkpoint puts the whole page into the WAL. New tokens are spread over all
//! pages of their index, so where checkpoints come in quick succession nearly all of the WAL is such pages. Setting
//! it is left to the DBA, who knows the disk.

use crate::error::Error;
use crate::session::Session;

/// Closer than that the server itself finds them too frequent (the default of its `checkpoint_warning`).
const CLOSE_SECONDS: f64 = 30.0;
/// So many in a row: a single one may have had another reason, such as a backup.
const IN_A_ROW: u32 = 3;

/// The checkpoints seen so far.
#[derive(Default)]
pub struct Checkpoints {
    /// When the last one began, by the server's clock.
    began: Option<f64>,
    close: u32,
    /// Some managed servers refuse to tell.
    hidden: bool,
}

impl Checkpoints {
    pub fn advice(&mut self, session: &mut Session) -> Result<Option<String>, Error> {
        if self.hidden {
            return Ok(None);
        }
        let row = match session.row(include_str!("../sql/checkpoint.sql"), &[]) {
            Err(error) if error.retry_on().is_none() && !error.is_cancelled_query() => {
                self.hidden = true;
                return Ok(Some(format!("cannot see checkpoints: {error}")));
            }
            answer => answer?,
        };
        let max_wal_size: String = row.get("max_wal_size");
        Ok(self.are_frequent(row.get("began")).then(|| {
            format!(
                "checkpoints are less than {CLOSE_SECONDS:.0} s apart, which slows the run down; max_wal_size is \
                 {max_wal_size}; if the disk has room, in SQL: ALTER SYSTEM SET max_wal_size = '16GB'; SELECT \
                 pg_reload_conf();"
            )
        }))
    }

    fn are_frequent(&mut self, began: f64) -> bool {
        match self.began.replace(began).map(|before| began - before) {
            Some(gap) if gap > CLOSE_SECONDS => self.close = 0,
            Some(gap) if gap > 0.0 => self.close += 1,
            _ => {}
        }
        self.close >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequent(began: &[f64]) -> bool {
        let mut checkpoints = Checkpoints::default();
        began.iter().fold(false, |_, began| checkpoints.are_frequent(*began))
    }

    #[test]
    fn three_in_quick_succession_are_frequent() {
        assert!(!frequent(&[0.0, 300.0, 310.0, 310.0, 320.0]));
        assert!(frequent(&[0.0, 300.0, 310.0, 310.0, 320.0, 349.0]));
    }

    #[test]
    fn one_that_comes_in_time_ends_the_row() {
        assert!(!frequent(&[0.0, 10.0, 20.0, 320.0, 330.0, 340.0]));
        assert!(!frequent(&[7.0; 50]));
    }
}
