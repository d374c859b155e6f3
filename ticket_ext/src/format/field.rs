//! The fields of a template such as `sk_live_{base62:32}`.

use std::fmt;

use crate::error::TicketError;
use crate::format::alphabet::Alphabet;
use crate::token;

pub const UUID_BITS: f64 = 122.0;

const MOST_CHARACTERS: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Literal(String),
    Random(&'static Alphabet, usize),
    Uuid,
    Bytes(usize),
}

/// The error is what is wrong with it.
pub fn parse(template: &str) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let (literal, behind) = rest.split_once('{').unwrap_or((rest, ""));
        if literal.contains('}') {
            return Err("a } has no {".to_owned());
        }
        if !literal.is_empty() {
            fields.push(Field::Literal(literal.to_owned()));
        }
        if literal.len() == rest.len() {
            break;
        }
        let (field, behind) = behind.split_once('}').ok_or("a { has no }")?;
        fields.push(parse_field(field)?);
        rest = behind;
    }
    if template.is_empty() {
        return Err("it is empty".to_owned());
    }
    if fields.iter().all(|field| matches!(field, Field::Literal(_))) {
        return Err("it has no random field".to_owned());
    }
    Ok(fields)
}

fn parse_field(text: &str) -> Result<Field, String> {
    let (name, length) = text.split_once(':').map_or((text, None), |(name, length)| (name, Some(length)));
    if name == "uuid" {
        return length.map_or(Ok(Field::Uuid), |_| Err(format!("field {{{text}}} has no length")));
    }
    let alphabet = Alphabet::named(name);
    if alphabet.is_none() && name != "bytes" {
        return Err(format!("there is no field {{{text}}}"));
    }
    let length = length.ok_or_else(|| format!("field {{{text}}} lacks its length"))?;
    let length = length.parse().ok().filter(|length| (1..=MOST_CHARACTERS).contains(length));
    let length =
        length.ok_or_else(|| format!("the length of {{{text}}} is not between 1 and {MOST_CHARACTERS}"))?;
    Ok(alphabet.map_or(Field::Bytes(length), |alphabet| Field::Random(alphabet, length)))
}

pub fn fill(fields: &[Field]) -> Result<String, TicketError> {
    let mut token = String::with_capacity(64);
    for field in fields {
        match field {
            Field::Literal(text) => token.push_str(text),
            Field::Random(alphabet, count) => alphabet.draw(*count, &mut token)?,
            Field::Uuid | Field::Bytes(_) => token.push_str(&token::new()?.to_string()),
        }
    }
    Ok(token)
}

impl Field {
    pub fn bits(&self, folds_case: bool) -> f64 {
        match self {
            Self::Literal(_) => 0.0,
            Self::Random(alphabet, count) => *count as f64 * (alphabet.choices(folds_case) as f64).log2(),
            Self::Uuid => UUID_BITS,
            Self::Bytes(count) => 8.0 * *count as f64,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Literal(text) => text.fmt(f),
            Self::Random(alphabet, count) => write!(f, "{{{}:{count}}}", alphabet.name),
            Self::Uuid => write!(f, "{{uuid}}"),
            Self::Bytes(count) => write!(f, "{{bytes:{count}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_shape_of_its_template() {
        let token = fill(&parse("sk_{base58:40}-{HEX:3}").unwrap()).unwrap();
        let (random, hex) = token.strip_prefix("sk_").and_then(|rest| rest.split_once('-')).unwrap();
        assert!(random.len() == 40 && !random.contains(['0', 'O', 'I', 'l']), "{token}");
        assert!(hex.len() == 3 && hex.chars().all(|one| one.is_ascii_digit() || ('A'..='F').contains(&one)));
    }

    #[test]
    fn no_character_is_more_likely_than_another() {
        let fields = parse("{digits:1000}").unwrap();
        let mut counts = [0; 10];
        for _ in 0..100 {
            fill(&fields).unwrap().bytes().for_each(|digit| counts[usize::from(digit - b'0')] += 1);
        }
        // Six standard deviations of 10,000: 570. With a bias of 256 % 10 they would be 2.4 % apart in each run of it.
        assert!(counts.iter().all(|count| (9430..=10_570).contains(count)), "{counts:?}");
    }
}
