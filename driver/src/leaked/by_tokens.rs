//! The layout of a list whose tokens are told by their looks.

use super::flaw::Flaw;
use super::form::Form;
use super::layout::{Layout, Wanted, no_name, no_number};
use super::lines::Line;
use super::options::Column;
use super::records::DELIMITERS;
use super::sample::{Content, Sample};

/// The delimiter is the one by which most fields are tokens; a column that holds any must hold nothing else.
pub fn find(head: &[Line], form: Form, wanted: &Wanted) -> Result<Layout, Flaw> {
    let delimiters = [None].into_iter().chain(DELIMITERS.map(Some));
    let samples: Vec<Sample> = delimiters.map(|delimiter| Sample::of(head, delimiter)).collect();
    let found =
        choices(&samples, wanted)?.into_iter().map(|(sample, columns)| Found::in_(sample, columns, form));
    // The first of equals: that without a delimiter.
    let best = found.reduce(|best, found| if found.tokens > best.tokens { found } else { best });
    match best {
        Some(Found { odd: Some(line), .. }) => Err(Flaw::Line(line, form.expected())),
        Some(Found { delimiter, tokens: 1.., columns, header, .. }) => {
            Ok(Layout::Columns { delimiter, columns, width: None, header })
        }
        _ => Err(Flaw::Empty),
    }
}

/// By each delimiter, the columns that may hold the tokens.
fn choices<'a>(samples: &'a [Sample], wanted: &Wanted) -> Result<Vec<(&'a Sample, Vec<usize>)>, Flaw> {
    let by = |columns: &dyn Fn(&Sample) -> Vec<usize>| -> Vec<_> {
        let choices = samples.iter().map(|sample| (sample, columns(sample)));
        choices.filter(|(_, columns)| !columns.is_empty()).collect()
    };
    let named = |name: &str| by(&|sample| sample.named(name));
    let (choices, none) = match wanted.column {
        Some(Column::Name(name)) => (named(name), no_name(name)),
        Some(Column::Number(number)) => {
            (by(&|sample| (*number..sample.columns()).take(1).collect()), no_number(*number))
        }
        None => {
            let named = named(wanted.token_column);
            let all = || by(&|sample| (0..sample.columns()).collect());
            (if named.is_empty() { all() } else { named }, Flaw::Empty)
        }
    };
    if choices.is_empty() { Err(none) } else { Ok(choices) }
}

struct Found {
    delimiter: Option<u8>,
    tokens: usize,
    columns: Vec<usize>,
    header: bool,
    /// The first line with something else where tokens should be.
    odd: Option<u64>,
}

impl Found {
    fn in_(sample: &Sample, columns: Vec<usize>, form: Form) -> Self {
        let contents: Vec<(usize, Content)> =
            columns.into_iter().map(|column| (column, sample.content(column, form))).collect();
        let tokens = contents.iter().map(|(_, content)| content.tokens).sum();
        // Beside a token in the first row a word is no header.
        let at_once = contents.iter().any(|(_, content)| content.at_once);
        let first = sample.rows.first().map(|row| row.line);
        let odd = |content: &Content| content.odd.or(first.filter(|_| content.header && at_once));
        let (pure, mixed): (Vec<_>, Vec<_>) =
            contents.iter().partition(|(_, content)| odd(content).is_none());
        // Where there is no token at all, any of them should hold some.
        let mixed = mixed.iter().filter(|(_, content)| content.tokens > 0 || tokens == 0);
        let odd = mixed.filter_map(|(_, content)| odd(content)).min();
        let header = pure.iter().any(|(_, content)| content.header);
        let columns = pure.iter().map(|(column, _)| *column).collect();
        Self { delimiter: sample.delimiter, tokens, columns, header, odd }
    }
}
