//! The format that tokens look like.

use crate::format::Format;
use crate::format::alphabet::Alphabet;
use crate::format::field::Field;

/// Fewer tokens may begin alike by chance, and no part of a token may end up in an error.
const ENOUGH_FOR_A_PREFIX: usize = 3;

const LONGEST_PREFIX: usize = 20;

/// None where they have nothing in common that a template could say.
pub fn looks_like(tokens: &[String]) -> Option<Format> {
    let first = tokens.first()?;
    if tokens.iter().all(|token| is_uuid(token)) {
        return Some(Format::Uuid);
    }
    if !tokens.iter().all(|token| token.is_ascii()) || first.is_empty() {
        return None;
    }
    let prefix = prefix(tokens);
    let rests: Vec<&[u8]> = tokens.iter().map(|token| &token.as_bytes()[prefix..]).collect();
    let mut fields = vec![Field::Literal(first[..prefix].to_owned())];
    fields.extend(random_fields(&rests)?);
    fields.retain(|field| *field != Field::Literal(String::new()));
    let format = Format::Template(fields);
    (Format::parse(&format.to_string()).as_ref() == Ok(&format)).then_some(format)
}

/// Of version 4 or any other, as the server writes them.
pub fn is_uuid(token: &str) -> bool {
    uuid::Uuid::try_parse(token).is_ok_and(|uuid| uuid.to_string() == token)
}

/// How much all begin with, up to the last separator in it.
fn prefix(tokens: &[String]) -> usize {
    let first = tokens[0].as_bytes();
    let same = |i: usize| tokens.iter().all(|token| token.as_bytes().get(i) == Some(&first[i]));
    let common = (0..first.len().min(LONGEST_PREFIX)).take_while(|&i| same(i)).count();
    let distinct = tokens.iter().collect::<std::collections::BTreeSet<_>>().len();
    let is_known = distinct >= ENOUGH_FOR_A_PREFIX && common < first.len();
    let ends = first[..common].iter().rposition(|one| !one.is_ascii_alphanumeric());
    ends.filter(|_| is_known).map_or(0, |last| last + 1)
}

/// Runs of random characters between separators that stand at the same place in all tokens.
fn random_fields(rests: &[&[u8]]) -> Option<Vec<Field>> {
    let longest = rests.iter().map(|rest| rest.len()).max()?;
    let same_length = rests.iter().all(|rest| rest.len() == longest);
    let separates = |i: usize| {
        let one = rests[0].get(i).filter(|one| !one.is_ascii_alphanumeric());
        same_length && one.is_some_and(|one| rests.iter().all(|rest| rest[i] == *one))
    };
    let mut fields = Vec::new();
    let mut start = 0;
    while start < longest {
        if separates(start) {
            fields.push(Field::Literal(char::from(rests[0][start]).to_string()));
            start += 1;
            continue;
        }
        let end = (start..longest).find(|&i| separates(i)).unwrap_or(longest);
        let part = |rest: &&[u8]| rest[start.min(rest.len())..end.min(rest.len())].to_vec();
        let characters: Vec<u8> = rests.iter().flat_map(part).collect();
        fields.push(Field::Random(Alphabet::of(characters.into_iter())?, end - start));
        start = end;
    }
    (longest > 0).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::field::{fill, parse};

    fn look(tokens: &[&str]) -> Option<String> {
        let tokens: Vec<String> = tokens.iter().map(|&token| token.to_owned()).collect();
        looks_like(&tokens).map(|format| format.to_string())
    }

    #[test]
    fn the_tokens_of_a_template_look_like_it() {
        for template in [
            "sk_live_{base62:32}",
            "{hex:64}",
            "{HEX:32}",
            "{base58:24}",
            "{base64url:43}",
            "{base32:26}",
            "{base36:20}",
            "{digits:16}",
            "{base64:43}=",
            "{HEX:8}-{HEX:4}-{HEX:4}",
            "ghp_{base62:36}",
        ] {
            let fields = parse(template).unwrap();
            let tokens: Vec<String> = (0..200).map(|_| fill(&fields).unwrap()).collect();
            assert_eq!(looks_like(&tokens).map(|format| format.to_string()).as_deref(), Some(template));
        }
    }

    #[test]
    fn only_uuids_as_the_server_writes_them_are_uuids() {
        let uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
        assert_eq!(look(&[uuid]).as_deref(), Some("uuid"));
        assert_eq!(
            look(&[&uuid.to_uppercase()]).as_deref(),
            Some("{HEX:8}-{HEX:4}-{HEX:4}-{HEX:4}-{HEX:12}")
        );
        assert_eq!(look(&[&uuid.replace('-', "")]).as_deref(), Some("{hex:32}"));
    }

    #[test]
    fn a_few_tokens_show_nothing_of_themselves() {
        assert_eq!(look(&["my-secret-word"]).as_deref(), Some("{base36:2}-{base36:6}-{base36:4}"));
        assert_eq!(look(&["secret_a1", "secret_a1"]).as_deref(), Some("{base36:6}_{hex:2}"));
        assert_eq!(look(&["secret_", "secret_", "secret_"]).as_deref(), Some("{base36:6}_"));
    }

    #[test]
    fn tokens_of_several_lengths_look_like_the_longest() {
        assert_eq!(look(&["x_12", "x_345", "x_6"]).as_deref(), Some("x_{digits:3}"));
    }

    #[test]
    fn what_no_alphabet_holds_looks_like_nothing() {
        assert_eq!(look(&["2bQ9 x!7", "a b!7xyz"]), None);
        assert_eq!(look(&["{a}"]), None);
        assert_eq!(look(&["T\u{fc}cke"]), None);
        assert_eq!(look(&[]), None);
    }
}
