//! How a list is written down, and what is in it.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use uuid::Uuid;

use crate::leaked::form::Form;

/// No vowels: they must not become a word of an error.
const LETTERS: &str = "[bcdfghjklmnpqrstvwxz]{1,8}";

const COLUMNS: usize = 4;

#[derive(Clone, Debug)]
pub struct Style {
    pub form: Form,
    pub delimiter: char,
    columns: usize,
    /// The column of the tokens.
    pub column: usize,
    quoted: bool,
    header: Option<&'static str>,
    pub end: &'static str,
}

#[derive(Debug)]
pub struct Row {
    /// In the spelling that the list is searched in.
    pub token: String,
    /// One of the ways to write a token.
    way: u8,
    /// What may stand in the other columns.
    others: Vec<String>,
}

impl Style {
    pub fn any() -> impl Strategy<Value = Self> {
        let forms = prop_oneof![Just(Form::Uuid), Just(Form::Bytes), Just(Form::Text(None))];
        let place = (1..=COLUMNS).prop_flat_map(|columns| (Just(columns), 0..columns));
        let header = select(vec![None, Some("secret"), Some("Token")]);
        (
            forms,
            select(vec![',', ';', '\t', '|']),
            place,
            any::<bool>(),
            header,
            select(vec!["\n", "\r\n", "\r"]),
        )
            .prop_map(|(form, delimiter, (columns, column), quoted, header, end)| {
                let header = header.filter(|header| columns > 1 || *header == "secret");
                Self { form, delimiter, columns, column, quoted, header, end }
            })
    }

    /// Longer than what the layout is told by, at times.
    pub fn rows(&self) -> impl Strategy<Value = Vec<Row>> + use<> {
        let row = (self.token(), 0..5u8, vec(self.other(), COLUMNS)).prop_map(|(token, way, others)| Row {
            token,
            way,
            others,
        });
        let length = prop_oneof![63 => 2..30usize, 1 => 1000..1100usize];
        let row = row.boxed();
        length.prop_flat_map(move |length| vec(row.clone(), length))
    }

    fn token(&self) -> BoxedStrategy<String> {
        let number = 1_u128 << 100..;
        match self.form {
            Form::Uuid => number.prop_map(|number| Uuid::from_u128(number).to_string()).boxed(),
            Form::Bytes => number.prop_map(|number| format!(r"\x{number:032x}")).boxed(),
            Form::Text(_) if self.columns == 1 || self.quoted => {
                "[A-Za-z0-9][,;|\t+/=_-][A-Za-z0-9]{8,39}".boxed()
            }
            Form::Text(_) => "[A-Za-z0-9][+/=_-][A-Za-z0-9]{8,39}".boxed(),
        }
    }

    fn other(&self) -> BoxedStrategy<String> {
        let plain = prop_oneof![
            LETTERS,
            any::<u32>().prop_map(|number| number.to_string()),
            (LETTERS, LETTERS).prop_map(|(name, host)| format!("{name}@{host}.example")),
            Just("2025-11-03 10:07:00+00".to_owned()),
        ];
        let quoted = (LETTERS, LETTERS).prop_map(|(a, b)| format!("{a}, \"{b}\"; {a}"));
        let broken = (LETTERS, LETTERS).prop_map(|(a, b)| format!("{a}\n{b}"));
        match (self.quoted, self.has_line_ends()) {
            (_, true) => prop_oneof![3 => plain, 1 => quoted, 1 => broken].boxed(),
            (true, false) => prop_oneof![4 => plain, 1 => quoted].boxed(),
            (false, _) => plain.boxed(),
        }
    }

    /// Fields with line ends, and no word on which of the columns of text it is.
    pub fn needs_a_word(&self) -> bool {
        self.has_line_ends()
            && self.columns > 1
            && matches!(self.form, Form::Text(_))
            && self.header != Some("Token")
    }

    fn has_line_ends(&self) -> bool {
        self.quoted && matches!(self.delimiter, ',' | ';')
    }

    pub fn header(&self) -> Option<String> {
        let own = self.header?;
        let names =
            (0..self.columns).map(|column| self.field(if column == self.column { own } else { "id" }));
        Some(names.collect::<Vec<_>>().join(&self.delimiter.to_string()))
    }

    pub fn line(&self, row: &Row) -> String {
        let other = |column: usize| self.field(&row.others[column]);
        let field = |column| if column == self.column { self.written(row) } else { other(column) };
        (0..self.columns).map(field).collect::<Vec<_>>().join(&self.delimiter.to_string())
    }

    fn written(&self, row: &Row) -> String {
        let token = &row.token;
        let token = match (self.form, row.way) {
            (Form::Uuid | Form::Bytes, 0) => token.to_uppercase().replace(r"\X", r"\x"),
            (Form::Uuid, 1) => token.replace('-', ""),
            (Form::Uuid, 2) => format!("{{{token}}}"),
            (Form::Uuid, 3) => format!(" {token} "),
            _ => token.to_owned(),
        };
        self.field(&token)
    }

    fn field(&self, text: &str) -> String {
        if self.quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    }
}
