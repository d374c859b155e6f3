//! Lists written down and mangled at random: no token is left out unseen, and no part of one is in an error.

use std::io::{Cursor, Write};

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::form::{Form, Tokens};
use super::layout::Wanted;
use super::list::List;
use super::source;
use crate::error::Error;

const LISTS: u64 = 2000;

/// How a list is written down.
struct Style {
    form: Form,
    delimiter: char,
    columns: usize,
    /// The column of the tokens.
    column: usize,
    quoted: bool,
    header: Option<&'static str>,
    end: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    None,
    /// A digit of a token is missing.
    Token,
    /// One quote of the list is missing, if it has any.
    Quote,
    /// One line is divided by another delimiter.
    Delimiter,
    /// One line lacks its first column.
    Column,
    /// The list breaks off.
    End,
}

#[test]
fn no_token_of_a_mangled_list_is_left_out_unseen_and_no_error_quotes_one() {
    let mut refused = [0; 6];
    for seed in 0..LISTS {
        let mut rng = Rng::with_seed(seed);
        let style = Style::random(&mut rng);
        let tokens = style.tokens(&mut rng);
        let damage = rng.choice(DAMAGES).expect("there are some");
        let (text, whole) = style.damaged(tokens, damage, &mut rng);
        let case = format!("seed {seed}, {damage:?}:\n{text}");
        match read(&style, packed(&text, &mut rng)) {
            Ok(found) => {
                let lost = whole.iter().find(|token| !found.contains(token));
                assert_eq!(lost, None, "{case}");
                let seen = damage != Damage::Token || matches!(style.form, Form::Text(_));
                assert!(seen, "a token that is none was read; {case}");
            }
            Err(error) => {
                assert!(damage != Damage::None || style.needs_a_word(), "{error}; {case}");
                assert_says_nothing(&error, &text, &case);
                refused[damage as usize] += 1;
            }
        }
    }
    println!("refused of {LISTS} lists, by damage: {refused:?}");
    assert!(refused[1..].iter().all(|times| *times > 0), "{refused:?}");
}

const DAMAGES: [Damage; 6] =
    [Damage::None, Damage::Token, Damage::Quote, Damage::Delimiter, Damage::Column, Damage::End];

impl Style {
    fn random(rng: &mut Rng) -> Self {
        let columns = rng.usize(1..=4);
        let named = columns > 1 && rng.bool();
        Self {
            form: rng.choice([Form::Uuid, Form::Bytes, Form::Text(None)]).expect("there are some"),
            delimiter: rng.choice([',', ';', '\t', '|']).expect("there are some"),
            columns,
            column: rng.usize(..columns),
            quoted: rng.bool(),
            header: if named { Some("Token") } else { rng.choice([None, Some("secret")]).flatten() },
            end: rng.choice(["\n", "\r\n", "\r"]).expect("there are some"),
        }
    }

    /// Longer than what the layout is told by, at times.
    fn tokens(&self, rng: &mut Rng) -> Vec<String> {
        let count = if rng.u8(..) < 4 { rng.usize(1000..1100) } else { rng.usize(2..30) };
        (0..count).map(|_| self.token(rng)).collect()
    }

    /// In the spelling that the list is searched in.
    fn token(&self, rng: &mut Rng) -> String {
        let number = rng.u128(1 << 100..);
        match self.form {
            Form::Uuid => uuid::Uuid::from_u128(number).to_string(),
            Form::Bytes => format!(r"\x{number:032x}"),
            Form::Text(_) => {
                let inside = if self.columns == 1 || self.quoted { ",;|\t-+/=_" } else { "-+/=_" };
                let other = char::from(rng.choice(inside.bytes()).expect("there are some"));
                let digits: String = (0..rng.usize(8..40)).map(|_| rng.alphanumeric()).collect();
                format!("{}{other}{digits}", rng.alphanumeric())
            }
        }
    }

    fn written(&self, token: &str, rng: &mut Rng) -> String {
        let token = match (self.form, rng.u8(..5)) {
            (Form::Uuid | Form::Bytes, 0) => token.to_uppercase().replace(r"\X", r"\x"),
            (Form::Uuid, 1) => token.replace('-', ""),
            (Form::Uuid, 2) => format!("{{{token}}}"),
            (Form::Uuid, 3) => format!(" {token} "),
            _ => token.to_owned(),
        };
        self.field(&token)
    }

    /// Fields with line ends, and no word on which of the columns of text it is.
    fn needs_a_word(&self) -> bool {
        self.has_line_ends()
            && self.columns > 1
            && matches!(self.form, Form::Text(_))
            && self.header != Some("Token")
    }

    fn has_line_ends(&self) -> bool {
        self.quoted && matches!(self.delimiter, ',' | ';')
    }

    fn field(&self, text: &str) -> String {
        if self.quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    }

    fn other(&self, rng: &mut Rng) -> String {
        let word = |rng: &mut Rng| (0..rng.usize(1..9)).map(|_| rng.lowercase()).collect::<String>();
        let text = match rng.u8(..5) {
            0 => rng.u32(..).to_string(),
            1 => format!("{}@{}.example", word(rng), word(rng)),
            2 => "2025-11-03 10:07:00+00".to_owned(),
            3 if self.quoted => format!("{}, \"{}\"; {}", word(rng), word(rng), word(rng)),
            4 if self.has_line_ends() => {
                format!("{}\n{}", word(rng), word(rng))
            }
            _ => word(rng),
        };
        self.field(&text)
    }

    /// The list, and which of the tokens are still whole in it.
    fn damaged(&self, mut tokens: Vec<String>, damage: Damage, rng: &mut Rng) -> (String, Vec<String>) {
        let hurt = rng.usize(..tokens.len());
        if damage == Damage::Token {
            tokens[hurt].pop();
        }
        let mut lines: Vec<String> = tokens.iter().map(|token| self.line(token, rng)).collect();
        let delimiter = self.delimiter;
        match damage {
            Damage::Delimiter => {
                lines[hurt] = lines[hurt].replace(delimiter, if delimiter == ';' { "\t" } else { ";" })
            }
            Damage::Column => {
                lines[hurt] = lines[hurt].split_once(delimiter).unwrap_or_default().1.to_owned()
            }
            _ => {}
        }
        let header = self.header().map(|header| header + self.end).unwrap_or_default();
        let lines: Vec<String> = lines.into_iter().map(|line| line + self.end).collect();
        let mut text = header.clone() + &lines.concat();
        if damage == Damage::Quote {
            text = without_a_quote(text, rng);
        }
        if damage == Damage::End {
            text.truncate(rng.usize(..text.len()));
            let mut room = text.len().saturating_sub(header.len());
            let whole = lines.iter().take_while(|line| {
                room.checked_sub(line.len()).is_some_and(|rest| {
                    room = rest;
                    true
                })
            });
            tokens.truncate(whole.count());
        }
        let gone = match damage {
            Damage::Token => true,
            Damage::Column => self.column == 0,
            Damage::Delimiter => tokens[hurt].contains(delimiter),
            _ => false,
        };
        if gone {
            tokens.remove(hurt);
        }
        (text, tokens)
    }

    fn header(&self) -> Option<String> {
        let name = |column| if column == self.column { self.header } else { Some("id") };
        self.header?;
        let names: Vec<_> = (0..self.columns).filter_map(name).map(|name| self.field(name)).collect();
        Some(names.join(&self.delimiter.to_string()))
    }

    fn line(&self, token: &str, rng: &mut Rng) -> String {
        let field = |column| if column == self.column { self.written(token, rng) } else { self.other(rng) };
        (0..self.columns).map(field).collect::<Vec<_>>().join(&self.delimiter.to_string())
    }
}

fn without_a_quote(mut text: String, rng: &mut Rng) -> String {
    let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    rng.choice(quotes).map(|at| text.remove(at));
    text
}

/// As a file may hold it.
fn packed(text: &str, rng: &mut Rng) -> Vec<u8> {
    let text = if rng.bool() { format!("\u{feff}{text}") } else { text.to_owned() };
    if rng.bool() {
        return text.into_bytes();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory takes it")
}

/// Every reading of every entry.
fn read(style: &Style, bytes: Vec<u8>) -> Result<Vec<String>, Error> {
    let input = source::read(Box::new(Cursor::new(bytes))).expect("memory can be read");
    let wanted = Wanted { column: None, token_column: "token" };
    let mut list = List::of("the list", input, style.form, &wanted)?;
    let mut found = Vec::new();
    while let Some(chunk) = list.chunk(100)? {
        assert_eq!(chunk.entries.last().map(|entry| *entry as usize + 1), Some(chunk.lines.len()));
        match chunk.tokens {
            Tokens::Uuid(uuids) => found.extend(uuids.iter().map(uuid::Uuid::to_string)),
            Tokens::Bytes(values) => found.extend(values.iter().map(|value| hexadecimal(value))),
            Tokens::Text(texts) => found.extend(texts),
        }
    }
    Ok(found)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    [r"\x".to_owned()].into_iter().chain(digits).collect()
}

/// Not even six characters of any field.
fn assert_says_nothing(error: &Error, text: &str, case: &str) {
    let said = format!("{error} {} {}", error.detail().unwrap_or_default(), error.hint().unwrap_or_default());
    let said = said.to_lowercase();
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| part.len() >= 6);
    for part in parts.filter(|part| !matches!(*part, "secret" | "example")) {
        assert!(!said.contains(&part.to_lowercase()), "{said} quotes {part} of {case}");
    }
}
