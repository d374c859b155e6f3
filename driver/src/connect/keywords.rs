//! `host=localhost password='it\'s'`: libpq's keyword=value form, read and written.

use std::iter::Peekable;
use std::str::Chars;

use super::known::SECRETS;
use super::params::Params;
use crate::error::Error;

pub fn parse(text: &str) -> Result<Params, Error> {
    let mut params = Params::new();
    let mut chars = text.chars().peekable();
    while skip_spaces(&mut chars) {
        let keyword = take_keyword(&mut chars)?;
        skip_spaces(&mut chars);
        params.insert(keyword, take_value(&mut chars)?);
    }
    Ok(params)
}

/// The same connection without its password, for a command line to paste.
pub fn without_password(params: &Params) -> String {
    params
        .iter()
        .filter(|(keyword, _)| !SECRETS.contains(&keyword.as_str()))
        .map(|(keyword, value)| format!("{keyword}={}", quote(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quote(value: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != '\'' && c != '\\';
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

fn skip_spaces(chars: &mut Peekable<Chars>) -> bool {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
    chars.peek().is_some()
}

fn take_keyword(chars: &mut Peekable<Chars>) -> Result<String, Error> {
    let mut keyword = String::new();
    while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
        keyword.push(c);
    }
    skip_spaces(chars);
    match chars.next() {
        Some('=') => Ok(keyword),
        _ => Err(malformed("\"=\" is missing after a parameter")),
    }
}

fn take_value(chars: &mut Peekable<Chars>) -> Result<String, Error> {
    let quoted = chars.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match chars.next() {
            Some('\'') if quoted => return Ok(value),
            Some(c) if !quoted && c.is_whitespace() => return Ok(value),
            Some('\\') => value.extend(chars.next()),
            Some(c) => value.push(c),
            None if quoted => return Err(malformed("a quote is not closed")),
            None => return Ok(value),
        }
    }
}

fn malformed(what: &str) -> Error {
    Error::ConnectionString(format!("the connection string cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_escapes_and_spaces_are_libpqs() {
        let params = parse(r"host = /tmp  password='it\'s \\ so' dbname=a\ b user=''").unwrap();
        assert_eq!(params["host"], "/tmp");
        assert_eq!(params["password"], r"it's \ so");
        assert_eq!(params["dbname"], "a b");
        assert_eq!(params["user"], "");
    }

    #[test]
    fn errors_do_not_quote_the_string() {
        for text in ["password=my secret", "password='secret"] {
            assert!(!parse(text).unwrap_err().to_string().contains("secret"));
        }
    }

    #[test]
    fn what_is_written_can_be_read_and_holds_no_password() {
        let params = parse(r"host=h password=secret dbname='my \'app\''").unwrap();
        let text = without_password(&params);
        assert_eq!(text, r"dbname='my \'app\'' host=h");
        assert_eq!(parse(&text).unwrap()["dbname"], "my 'app'");
    }
}
