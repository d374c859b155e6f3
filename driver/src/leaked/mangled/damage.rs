//! What can happen to a list.

use proptest::prelude::{Just, Strategy, any};
use proptest::sample::{Index, select};

use super::written::{Row, Style};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
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

#[derive(Debug)]
pub struct Damaged {
    pub style: Style,
    pub damage: Damage,
    pub text: String,
    /// The tokens that are still whole in it.
    pub whole: Vec<String>,
}

const DAMAGES: [Damage; 6] =
    [Damage::None, Damage::Token, Damage::Quote, Damage::Delimiter, Damage::Column, Damage::End];

pub fn lists() -> impl Strategy<Value = Damaged> {
    let written = Style::any().prop_flat_map(|style| (style.rows(), Just(style)));
    (written, select(&DAMAGES[..]), any::<Index>())
        .prop_map(|((rows, style), damage, place)| Damaged::new(style, rows, damage, place))
}

impl Damaged {
    fn new(style: Style, mut rows: Vec<Row>, damage: Damage, place: Index) -> Self {
        let hurt = place.index(rows.len());
        if damage == Damage::Token {
            rows[hurt].token.pop();
        }
        let mut lines: Vec<String> = rows.iter().map(|row| style.line(row) + style.end).collect();
        match damage {
            Damage::Delimiter => {
                let other = if style.delimiter == ';' { "\t" } else { ";" };
                lines[hurt] = lines[hurt].replace(style.delimiter, other);
            }
            Damage::Column => {
                let rest = lines[hurt].split_once(style.delimiter).map_or(style.end, |(_first, rest)| rest);
                lines[hurt] = rest.to_owned();
            }
            _ => {}
        }
        let gone = match damage {
            Damage::Token => true,
            Damage::Column => style.column == 0,
            Damage::Delimiter => rows[hurt].token.contains(style.delimiter),
            _ => false,
        };
        let mut whole: Vec<String> = rows.into_iter().map(|row| row.token).collect();
        if gone {
            whole.remove(hurt);
        }
        let header = style.header().map(|header| header + style.end).unwrap_or_default();
        let mut list = Self { text: header.clone() + &lines.concat(), style, damage, whole };
        match damage {
            Damage::Quote => list.lose_a_quote(place),
            Damage::End => list.break_off(place, header.len(), &lines),
            _ => {}
        }
        list
    }

    fn lose_a_quote(&mut self, place: Index) {
        let quotes: Vec<usize> = self.text.match_indices('"').map(|(at, _)| at).collect();
        if !quotes.is_empty() {
            self.text.remove(*place.get(&quotes));
        }
    }

    fn break_off(&mut self, place: Index, header: usize, lines: &[String]) {
        self.text.truncate(place.index(self.text.len()));
        let ends = lines.iter().scan(header, |end, line| {
            *end += line.len();
            Some(*end)
        });
        self.whole.truncate(ends.take_while(|end| *end <= self.text.len()).count());
    }
}
