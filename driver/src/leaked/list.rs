//! The tokens of a list, a chunk at a time.

use std::io::BufRead;
use std::path::Path;

use super::anywhere;
use super::flaw::Flaw;
use super::form::{Form, Tokens};
use super::layout::{self, Layout, Wanted};
use super::lines::{Line, Lines};
use super::records::{fields, has_stray_quote, is_blank, record};
use super::source;
use crate::error::Error;

/// Lines by which the layout is found out.
const HEAD: usize = 1000;

pub struct List {
    name: String,
    form: Form,
    layout: Layout,
    lines: Lines,
    /// Whether the next record is the header.
    header: bool,
    /// Whether there was an entry.
    listed: bool,
    /// Records that have nothing where the token should be.
    pub without_token: u64,
}

/// Some entries of a list, each of which is one token in one or several readings.
pub struct Chunk {
    /// The line of each entry.
    pub lines: Vec<u64>,
    pub tokens: Tokens,
    /// The entry of each token, counted from 0 within the chunk.
    pub entries: Vec<i32>,
}

impl List {
    pub fn open(file: &Path, form: Form, wanted: &Wanted) -> Result<Self, Error> {
        let name = source::name(file);
        let input = source::open(file).map_err(|error| Flaw::from(error).of(&name))?;
        Self::of(&name, input, form, wanted)
    }

    pub fn of(name: &str, input: Box<dyn BufRead>, form: Form, wanted: &Wanted) -> Result<Self, Error> {
        let mut lines = Lines::new(input);
        let layout = lines.first(HEAD).and_then(|head| layout::find(head, form, wanted));
        let layout = layout.map_err(|flaw| flaw.of(name))?;
        let name = name.to_owned();
        let (Layout::Columns { header, .. } | Layout::Anywhere { header }) = layout;
        Ok(Self { name, form, layout, lines, header, listed: false, without_token: 0 })
    }

    /// Entries of so many tokens, or a few more. None: the list is at its end.
    pub fn chunk(&mut self, tokens: usize) -> Result<Option<Chunk>, Error> {
        self.next_chunk(tokens).map_err(|flaw| flaw.of(&self.name))
    }

    fn next_chunk(&mut self, tokens: usize) -> Result<Option<Chunk>, Flaw> {
        let mut chunk = Chunk { lines: Vec::new(), tokens: Tokens::new(self.form), entries: Vec::new() };
        while chunk.tokens.len() < tokens {
            let Some(line) = self.entry(&mut chunk.tokens)? else { break };
            chunk.entries.resize(chunk.tokens.len(), chunk.lines.len() as i32);
            chunk.lines.push(line);
        }
        match (chunk.lines.len(), self.listed) {
            (0, false) => Err(Flaw::Empty),
            (entries, _) => {
                self.listed = true;
                Ok((entries > 0).then_some(chunk))
            }
        }
    }

    /// The line of the next entry, whose tokens are added.
    fn entry(&mut self, tokens: &mut Tokens) -> Result<Option<u64>, Flaw> {
        while let Some(record) = self.record()? {
            let before = tokens.len();
            if record.text.trim_ascii().is_empty() || std::mem::take(&mut self.header) {
                continue;
            }
            self.read(&record, tokens)?;
            if tokens.len() > before {
                return Ok(Some(record.number));
            }
            self.without_token += 1;
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Option<Line>, Flaw> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        let Layout::Columns { delimiter, .. } = self.layout else { return Ok(Some(line)) };
        let first = line.number;
        record(line, delimiter, || match self.lines.next()? {
            Some(more) if self.looks_like_a_record(&more.text) => {
                Err(Flaw::Line(first, "a quote that opens there closes behind other tokens only".to_owned()))
            }
            more => Ok(more),
        })
        .map(Some)
    }

    /// What is within quotes must not hold a token in a column for tokens: the quotes would have swallowed a record.
    fn looks_like_a_record(&self, line: &[u8]) -> bool {
        let Layout::Columns { delimiter, columns, width, .. } = &self.layout else { return false };
        let fields = fields(line, *delimiter);
        let quoted = fields.iter().position(has_stray_quote).unwrap_or(fields.len());
        let is_token = |field| if width.is_some() { !is_blank(field) } else { self.form.is_token(field) };
        width.is_none_or(|width| width == fields.len())
            && columns
                .iter()
                .any(|column| *column < quoted && fields.get(*column).is_some_and(|field| is_token(field)))
    }

    fn read(&mut self, record: &Line, tokens: &mut Tokens) -> Result<(), Flaw> {
        let Layout::Columns { delimiter, columns, width, .. } = &self.layout else {
            return if is_blank(&record.text) { Ok(()) } else { anywhere::read(record, self.form, tokens) };
        };
        let fields = fields(&record.text, *delimiter);
        if width.is_some_and(|width| width != fields.len()) {
            let reason = "it has another number of columns than the lines before".to_owned();
            return Err(Flaw::Line(record.number, reason));
        }
        for column in columns {
            match fields.get(*column) {
                Some(field) if is_blank(field) || self.form.read(field, tokens.len(), tokens) => {}
                _ => return Err(Flaw::Line(record.number, self.form.expected())),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::leaked::options::Column;

    const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    const TEXT: Form = Form::Text(None);

    /// The lines of the entries, or the one that is refused, and how many records are without a token. `U` stands
    /// for a UUID.
    fn lines(text: &str, form: Form, column: Option<&str>) -> (Result<Vec<u64>, u64>, u64) {
        let input = Box::new(Cursor::new(text.replace('U', UUID)));
        let column: Option<Column> = column.map(|column| column.parse().expect("a column"));
        let wanted = Wanted { column: column.as_ref(), token_column: "token" };
        let mut list = List::of("the list", input, form, &wanted).expect("a layout");
        let mut lines = Vec::new();
        loop {
            match list.chunk(2) {
                Ok(Some(chunk)) => lines.extend(chunk.lines),
                Ok(None) => return (Ok(lines), list.without_token),
                Err(Error::LeakedLine { line, .. }) => return (Err(line), list.without_token),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn an_entry_is_known_by_the_line_that_it_begins_in() {
        assert_eq!(lines("id,token\n\n1,U\n\"2\n3\",U\n4,U", Form::Uuid, None), (Ok(vec![3, 4, 6]), 0));
        assert_eq!(lines("ab,cd\n\nef", TEXT, None), (Ok(vec![1, 3]), 0));
    }

    #[test]
    fn records_without_a_token_are_counted() {
        assert_eq!(lines("U\t1\n\\N\t2\n\t3", Form::Uuid, None), (Ok(vec![1]), 2));
        assert_eq!(lines("ab\n\\N\n", TEXT, None), (Ok(vec![1]), 1));
    }

    #[test]
    fn a_line_behind_the_first_ones_is_looked_at_as_closely() {
        let head = "U,1\n".repeat(HEAD);
        for (last, line) in [("1,U", 1001), ("U,1\n7", 1002)] {
            assert_eq!(lines(&format!("{head}{last}"), Form::Uuid, None).0, Err(line), "{last}");
        }
        let head = "ab,1\n".repeat(HEAD);
        assert_eq!(lines(&format!("{head}cd,1,2"), TEXT, Some("1")).0, Err(1001));
    }

    #[test]
    fn quotes_that_swallow_a_token_are_an_error() {
        for list in ["U,\"a\nU,b\nU,c\"", "1,U,\"a\n2,U,b\""] {
            assert_eq!(lines(list, Form::Uuid, None).0, Err(1), "{list}");
        }
        assert_eq!(lines("token,note\nab,\"c\nde,f\"", TEXT, None).0, Err(2));
        assert_eq!(lines("note,token\n\"c\nd\",ab", TEXT, None).0, Ok(vec![2]));
    }
}
