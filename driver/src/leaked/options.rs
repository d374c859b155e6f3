//! The options that name a list of leaked tokens.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

#[derive(Args, Clone, Default)]
pub struct ListOptions {
    /// The leaked tokens, to be looked for: a file, or - for standard input
    ///
    /// One token a line, or a column of a file that is divided by commas, tabs, semicolons or |,
    /// with or without a header and quotes, plain or gzip'd.
    #[arg(long, value_name = "FILE")]
    pub leaked: Option<PathBuf>,

    /// The column of the list that holds the tokens: its name in the header, or its number
    #[arg(long, value_name = "NAME|N", requires = "leaked")]
    pub column: Option<Column>,
}

/// A list that was named.
#[derive(Clone, Copy)]
pub struct ListFile<'a> {
    pub path: &'a Path,
    pub column: Option<&'a Column>,
}

impl ListFile<'_> {
    pub fn is_standard_input(self) -> bool {
        self.path == Path::new("-")
    }
}

impl ListOptions {
    pub fn file(&self) -> Option<ListFile<'_>> {
        let path = self.leaked.as_deref()?;
        Some(ListFile { path, column: self.column.as_ref() })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Name(String),
    /// Counted from 0.
    Number(usize),
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<usize>() {
            Ok(0) => Err("columns are counted from 1".to_owned()),
            Ok(number) => Ok(Self::Number(number - 1)),
            Err(_) if text.trim().is_empty() => Err("a name or a number is expected".to_owned()),
            Err(_) => Ok(Self::Name(text.trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_name_or_a_number_from_1_on() {
        assert_eq!("2".parse(), Ok(Column::Number(1)));
        assert_eq!("token".parse(), Ok(Column::Name("token".to_owned())));
        assert!("0".parse::<Column>().is_err() && " ".parse::<Column>().is_err());
    }
}
