//! SQL in words and signs, without comments and literals. What stands between dollar quotes is SQL too.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// In lower case.
    Word(String),
    /// What is filled in: `@schema@`, `{}`, psql's `:target`, `%I` of format(). A quoted name, since no keyword is
    /// meant.
    Name,
    Literal,
    /// `$1` or a number.
    Value,
    /// One or more characters that operators are made of.
    Operator(String),
    /// A parenthesis, bracket, comma, semicolon, dot, `::`, `:=` or `=>`.
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["::", ":=", "=>", "(", ")", "[", "]", ",", ";", ".", ":"];
const OPERATORS: &str = "+-*/<>=~!@#%^&|`?";

pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let text = without_commands(text);
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let (token, length) = token(rest, next);
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// psql's own commands; those that send a statement end it.
fn without_commands(text: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix('\\') {
        Some(command) if command.starts_with('g') => ";\n".to_owned(),
        Some(_) => "\n".to_owned(),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The token that the text begins with, if it is any, and its length.
fn token(text: &str, next: char) -> (Option<Token>, usize) {
    let until =
        |end: &str, from: usize| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    let while_ = |holds: fn(char) -> bool| text.find(|c| !holds(c)).unwrap_or(text.len());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    match next {
        _ if text.starts_with("--") => (None, until("\n", 0)),
        _ if text.starts_with("/*") => (None, until("*/", 0)),
        '\'' => (Some(Token::Literal), until("'", 1)),
        '"' => (Some(Token::Name), until("\"", 1)),
        '{' => (Some(Token::Name), until("}", 0)),
        '@' if text[1..].starts_with(word) => (Some(Token::Name), until("@", 1)),
        '%' if text[1..].starts_with(['I', 'L', 's']) => (Some(Token::Name), 2),
        ':' if text[1..].starts_with(['\'', '"']) => (Some(Token::Name), until(&text[1..2], 2)),
        ':' if text[1..].starts_with(word) => {
            (Some(Token::Name), 1 + text[1..].find(|c| !word(c)).unwrap_or(0))
        }
        '$' if text.starts_with("$$") => (None, 2),
        '$' => {
            (Some(Token::Value), 1 + text[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - 1))
        }
        '0'..='9' => (Some(Token::Value), while_(|c| c.is_ascii_digit())),
        _ if word(next) => {
            let length = text.find(|c| !word(c)).unwrap_or(text.len());
            (Some(Token::Word(text[..length].to_lowercase())), length)
        }
        _ => match SIGNS.iter().find(|sign| text.starts_with(**sign)) {
            Some(sign) => (Some(Token::Sign(sign)), sign.len()),
            None if OPERATORS.contains(next) => {
                let length = while_(|c| OPERATORS.contains(c) && c != '@');
                (Some(Token::Operator(text[..length].to_owned())), length)
            }
            None => (None, next.len_utf8()),
        },
    }
}

#[test]
fn comments_literals_and_commands_are_no_names() {
    let words = |text| -> Vec<Token> { tokens(text) };
    let word = |text: &str| Token::Word(text.to_owned());
    assert_eq!(
        words("SELECT 'it''s', 1 -- now()\n"),
        [word("select"), Token::Literal, Token::Literal, Token::Sign(","), Token::Value]
    );
    assert_eq!(
        words("a\n\\gset\n\\echo f(x)\n:schema.b::c"),
        [word("a"), Token::Sign(";"), Token::Name, Token::Sign("."), word("b"), Token::Sign("::"), word("c")]
    );
    assert_eq!(words("@key@>=$1"), [Token::Name, Token::Operator(">=".to_owned()), Token::Value]);
}
