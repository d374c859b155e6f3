//! The first records of a list, divided by one delimiter, and what its columns hold.

use super::fields::bare;
use super::form::Form;
use super::lines::Line;
use super::records::{fields, is_blank, record};

pub struct Sample {
    pub delimiter: Option<u8>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub line: u64,
    pub fields: Vec<Vec<u8>>,
}

/// What a column holds: tokens, or nothing, below a header or not, but for the first line that holds something else.
#[derive(Default)]
pub struct Content {
    pub tokens: usize,
    pub odd: Option<u64>,
    pub header: bool,
    /// Whether the first row has a token.
    pub at_once: bool,
}

impl Sample {
    pub fn of(head: &[Line], delimiter: Option<u8>) -> Self {
        let mut lines = head.iter().cloned();
        let mut rows = Vec::new();
        while let Some(line) = lines.next() {
            // The rest of the last one may be out of sight.
            let Ok(Line { number, text }) = record(line, delimiter, || Ok(lines.next())) else { break };
            if !is_blank(&text) {
                let fields = fields(&text, delimiter).into_iter().map(|field| field.into_owned()).collect();
                rows.push(Row { line: number, fields });
            }
        }
        Self { delimiter, rows }
    }

    pub fn columns(&self) -> usize {
        self.rows.iter().map(|row| row.fields.len()).max().unwrap_or(0)
    }

    pub fn is_even(&self) -> bool {
        self.rows.iter().all(|row| row.fields.len() == self.columns())
    }

    /// The columns with this name in the first row.
    pub fn named(&self, name: &str) -> Vec<usize> {
        let fields = self.rows.first().into_iter().flat_map(|row| row.fields.iter().enumerate());
        fields.filter(|(_, field)| is_name(field, name)).map(|(column, _)| column).collect()
    }

    pub fn content(&self, column: usize, form: Form) -> Content {
        let mut content = Content::default();
        for (number, row) in self.rows.iter().enumerate() {
            match row.fields.get(column) {
                Some(field) if form.is_token(field) => {
                    content.tokens += 1;
                    content.at_once |= number == 0;
                }
                Some(field) if is_blank(field) => {}
                Some(field) if number == 0 && is_word(field) => content.header = true,
                _ => content.odd = content.odd.or(Some(row.line)),
            }
        }
        content
    }
}

pub fn is_name(field: &[u8], name: &str) -> bool {
    std::str::from_utf8(field).is_ok_and(|field| bare(field).to_lowercase() == name.to_lowercase())
}

/// What may stand in a header, other than a token that was mangled: those have more digits.
fn is_word(field: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(field) else { return false };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.chars().any(char::is_alphabetic) && digits <= 3 && text.chars().count() <= 63
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

    fn sample(text: &str, delimiter: Option<u8>) -> Sample {
        let lines = (1..).zip(text.lines());
        let head: Vec<Line> = lines.map(|(number, text)| Line { number, text: text.into() }).collect();
        Sample::of(&head, delimiter)
    }

    #[test]
    fn a_header_is_a_word_and_no_mangled_token() {
        for (first, header) in
            [("token_2", true), ("Ticket's token", true), (&UUID[1..], false), ("12", false)]
        {
            let content = sample(&format!("{first}\n{UUID}\n"), None).content(0, Form::Uuid);
            assert_eq!(
                (content.tokens, content.header, content.odd.is_some()),
                (1, header, !header),
                "{first}"
            );
        }
    }

    #[test]
    fn a_column_is_told_by_what_it_holds_and_the_first_line_that_does_not() {
        let text = format!("{UUID},1,\n,2,{UUID}\n\n{UUID},x\n");
        let sample = sample(&text, Some(b','));
        let contents: Vec<_> = (0..4).map(|column| sample.content(column, Form::Uuid)).collect();
        let found = contents.iter().map(|content| (content.tokens, content.odd));
        assert_eq!(found.collect::<Vec<_>>(), [(2, None), (0, Some(1)), (1, Some(4)), (0, Some(1))]);
        assert!(contents[0].at_once && !contents[2].at_once && !sample.is_even() && sample.columns() == 3);
    }

    #[test]
    fn a_record_that_is_cut_off_with_the_sample_is_left_out() {
        assert_eq!(sample("a,b\nc,\"d", Some(b',')).rows.len(), 1);
    }
}
