//! The command line that goes on from here, ready to paste.

use crate::connect;
use crate::session::Scope;

/// `rotate-driver`, the options that choose connection and target, and `rest`. A password is left
/// out; a URL that came from DATABASE_URL will come from there again.
pub fn to_paste(scope: &Scope, rest: &[&str]) -> String {
    let inherited = std::env::var("DATABASE_URL").ok();
    let url = scope.url.as_ref().filter(|url| Some(*url) != inherited.as_ref());
    let url = url.and_then(|url| connect::redact(url).ok());
    let options = [
        ("--url", url.as_deref()),
        ("--table", scope.table.as_deref()),
        ("--token-column", scope.token_column.as_deref()),
    ];
    let given = options.into_iter().filter_map(|(name, value)| Some([name, value?])).flatten();
    ["rotate-driver"]
        .into_iter()
        .chain(given)
        .chain(rest.iter().copied())
        .map(quote)
        .collect::<Vec<_>>()
        .join(" ")
}

/// As a POSIX shell needs it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(url: Option<&str>, table: Option<&str>) -> Scope {
        Scope { url: url.map(str::to_owned), table: table.map(str::to_owned), token_column: None }
    }

    #[test]
    fn options_are_repeated_and_quoted_for_the_shell() {
        let line = to_paste(&scope(None, Some("\"Bob's\"")), &["run", "--batch", "50"]);
        assert_eq!(line, r#"rotate-driver --table '"Bob'\''s"' run --batch 50"#);
    }

    #[test]
    fn a_password_is_left_out() {
        let line = to_paste(&scope(Some("postgres://ann:secret@h/db"), None), &["run"]);
        assert_eq!(line, "rotate-driver --url 'dbname=db host=h user=ann' run");
    }
}
