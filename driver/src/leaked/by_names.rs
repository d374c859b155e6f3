//! The layout of a list of text, which nobody can tell by its looks: by a name or a number, or none.

use super::flaw::Flaw;
use super::layout::{Layout, Wanted, no_name, no_number};
use super::lines::Line;
use super::options::Column;
use super::records::{DELIMITERS, STRONG, is_blank};
use super::sample::{Sample, is_name};

pub fn find(head: &[Line], wanted: &Wanted) -> Result<Layout, Flaw> {
    let divided = DELIMITERS.iter().map(|delimiter| Sample::of(head, Some(*delimiter)));
    let divided: Vec<Sample> = divided.filter(|sample| sample.columns() > 1).collect();
    match wanted.column {
        Some(Column::Number(number)) => by_number(&divided, *number, wanted.token_column),
        Some(Column::Name(name)) => by_name(head, &divided, name).ok_or_else(|| no_name(name)),
        None => {
            let anywhere = || Layout::Anywhere { header: false };
            Ok(by_name(head, &divided, wanted.token_column).unwrap_or_else(anywhere))
        }
    }
}

fn by_name(head: &[Line], divided: &[Sample], name: &str) -> Option<Layout> {
    let named = divided.iter().map(|sample| (sample, sample.named(name)));
    let mut named = named.filter(|(sample, columns)| !columns.is_empty() && sample.rows[0].fields.len() > 1);
    if let Some((sample, columns)) = named.next() {
        return Some(columns_of(sample, columns, true));
    }
    let first = head.iter().find(|line| !is_blank(&line.text))?;
    // One column. Lines with more are not cut to it.
    is_name(&first.text, name).then_some(Layout::Anywhere { header: true })
}

/// The lines have to be divided into equally many fields, by one delimiter alone.
fn by_number(divided: &[Sample], number: usize, name: &str) -> Result<Layout, Flaw> {
    let strong = |sample: &&Sample| sample.delimiter.is_some_and(|delimiter| STRONG.contains(&delimiter));
    let any_strong = divided.iter().any(|sample| strong(&sample));
    let mut even = divided.iter().filter(|sample| sample.is_even() && (strong(sample) || !any_strong));
    match (even.next(), even.next()) {
        (Some(sample), None) if number < sample.columns() => {
            let header = sample.named(name).contains(&number);
            Ok(columns_of(sample, vec![number], header))
        }
        (Some(_), Some(_)) => Err(Flaw::Column("several delimiters divide all of its lines".to_owned())),
        (None, _) if any_strong => {
            Err(Flaw::Column("its lines have different numbers of columns".to_owned()))
        }
        (None, _) if number == 0 => Ok(Layout::Anywhere { header: false }),
        _ => Err(no_number(number)),
    }
}

fn columns_of(sample: &Sample, columns: Vec<usize>, header: bool) -> Layout {
    Layout::Columns { delimiter: sample.delimiter, columns, width: Some(sample.rows[0].fields.len()), header }
}
