//! How a list is laid out. What would leave a token out unseen is an error: nothing here goes by what is likely.

use super::flaw::Flaw;
use super::form::Form;
use super::lines::Line;
use super::options::Column;
use super::{by_names, by_tokens};

#[derive(Debug, PartialEq, Eq)]
pub enum Layout {
    /// Each of these columns has a token or nothing in each record; a record of text has just so many fields.
    Columns { delimiter: Option<u8>, columns: Vec<usize>, width: Option<usize>, header: bool },
    /// Of text: anything in a line may be its token.
    Anywhere { header: bool },
}

/// The column to be read: the one that is asked for, else one with the token column's name, else whatever holds tokens.
pub struct Wanted<'a> {
    pub column: Option<&'a Column>,
    pub token_column: &'a str,
}

pub fn find(head: &[Line], form: Form, wanted: &Wanted) -> Result<Layout, Flaw> {
    match form {
        Form::Uuid | Form::Bytes => by_tokens::find(head, form, wanted),
        Form::Text(_) => by_names::find(head, wanted),
    }
}

pub fn no_name(name: &str) -> Flaw {
    Flaw::Column(format!("its first line does not name a column \"{name}\""))
}

pub fn no_number(number: usize) -> Flaw {
    Flaw::Column(format!("it has no column {}", number + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

    /// `U` stands for a UUID.
    fn layout(text: &str, form: Form, column: Option<&str>) -> Result<Layout, Flaw> {
        let text = text.replace('U', UUID);
        let lines = (1..).zip(text.lines());
        let head: Vec<Line> = lines.map(|(number, text)| Line { number, text: text.into() }).collect();
        let column = column.map(|column| column.parse().expect("a column"));
        find(&head, form, &Wanted { column: column.as_ref(), token_column: "token" })
    }

    fn columns(delimiter: char, columns: &[usize], width: Option<usize>, header: bool) -> Layout {
        let delimiter = Some(delimiter as u8).filter(|delimiter| *delimiter != b'\n');
        Layout::Columns { delimiter, columns: columns.to_vec(), width, header }
    }

    #[test]
    fn tokens_that_have_a_form_tell_delimiter_header_and_columns() {
        let cases = [
            ("U\nU\n", columns('\n', &[0], None, false)),
            ("\nsecret\nU\n", columns('\n', &[0], None, true)),
            ("U,1\nU,2\n", columns(',', &[0], None, false)),
            ("1\tU\n2\tU", columns('\t', &[1], None, false)),
            ("id;note;secret\n1;a,b;U\n2;U and c;U", columns(';', &[2], None, true)),
            ("1|\"U\"|a\n2| |b", columns('|', &[1], None, false)),
            ("ann@host:U\nbob@host:U", columns(':', &[1], None, false)),
            ("{U}, note\n\"U\",", columns(',', &[0], None, false)),
            ("user,token\nU,U\nU,U", columns(',', &[1], None, true)),
            ("user,secret\nU,U\nU,", columns(',', &[0, 1], None, true)),
        ];
        for (text, expected) in cases {
            assert_eq!(layout(text, Form::Uuid, None).expect(text), expected, "{text}");
        }
        let bytes = layout("\\\\x0a\t1\n\\\\x0b\t2", Form::Bytes, None).expect("a layout");
        assert_eq!(bytes, columns('\t', &[0], None, false));
    }

    #[test]
    fn a_column_of_tokens_that_holds_anything_else_is_an_error_of_its_line() {
        let cases = [
            ("U\nx\nU", 2),
            ("1\nU", 1),
            ("U,U\nU,1", 2),
            ("a,b\nc,d", 2),
            ("secret,U\nU,U", 1),
            ("user,token\nU,U\nU,x", 3),
        ];
        for (text, line) in cases {
            let found = layout(text, Form::Uuid, None);
            assert!(matches!(found, Err(Flaw::Line(at, _)) if at == line), "{text}: {found:?}");
        }
        for text in ["", "\n \n", "token\n", "id,token\n1,\n"] {
            assert!(matches!(layout(text, Form::Uuid, None), Err(Flaw::Empty)), "{text}");
        }
    }

    #[test]
    fn text_is_read_by_a_name_or_a_number_or_anywhere() {
        let text = Form::Text(None);
        let cases = [
            ("ab,cd\nef", None, Layout::Anywhere { header: false }),
            ("Token\nab,cd", None, Layout::Anywhere { header: true }),
            ("id,\"Token\"\n1,ab", None, columns(',', &[1], Some(2), true)),
            ("id;secret\n1;ab", None, Layout::Anywhere { header: false }),
            ("id;secret\n1;ab", Some("SECRET"), columns(';', &[1], Some(2), true)),
            ("token,token\nab,cd", None, columns(',', &[0, 1], Some(2), true)),
            ("1\tab cd\n2\tef", Some("2"), columns('\t', &[1], Some(2), false)),
            ("id\ttoken\n2\tef", Some("2"), columns('\t', &[1], Some(2), true)),
            ("ab\ncd", Some("1"), Layout::Anywhere { header: false }),
        ];
        for (list, column, expected) in cases {
            assert_eq!(layout(list, text, column).expect(list), expected, "{list}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_an_error() {
        let text = Form::Text(None);
        let cases = [
            ("U,1", Form::Uuid, "3"),
            ("U,1", Form::Uuid, "token"),
            ("ab,1", text, "3"),
            ("ab,1", text, "token"),
            ("ab,1\ncd", text, "1"),
            ("ab,1;c", text, "1"),
            ("ab", text, "2"),
        ];
        for (list, form, column) in cases {
            let found = layout(list, form, Some(column));
            assert!(matches!(found, Err(Flaw::Column(_))), "{list}: {found:?}");
        }
    }
}
