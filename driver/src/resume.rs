//! The command line that goes on from here, ready to paste.

use crate::cli::Scope;
use crate::connect;

/// `rotate-driver`, the options that choose connection and target, and `rest`. A password is left
/// out, and so are the words of a password command; a URL that came from DATABASE_URL will come from there
/// again.
pub fn command(scope: &Scope, rest: &[&str]) -> String {
    let inherited = std::env::var("DATABASE_URL").ok();
    let url = scope.url.as_ref().filter(|url| Some(*url) != inherited.as_ref());
    let url = url.and_then(|url| connect::redact(url).ok());
    let options = [
        ("--url", url.as_deref()),
        ("--password-command", scope.password_command.as_ref().map(|_| "CMD")),
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
        let [url, table] = [url, table].map(|option| option.map(str::to_owned));
        Scope { url, password_command: None, table, token_column: None }
    }

    #[test]
    fn options_are_repeated_and_quoted_for_the_shell() {
        let line = command(&scope(None, Some("\"Bob's\"")), &["run", "--batch", "50"]);
        assert_eq!(line, r#"rotate-driver --table '"Bob'\''s"' run --batch 50"#);
    }

    #[test]
    fn a_password_is_left_out() {
        let line = command(&scope(Some("postgres://ann:secret@h/db"), None), &["run"]);
        assert_eq!(line, "rotate-driver --url 'dbname=db host=h user=ann' run");
        let scope = Scope { password_command: Some("echo secret".into()), ..scope(None, None) };
        assert_eq!(command(&scope, &["run"]), "rotate-driver --password-command CMD run");
    }
}
