//! Command lines that go on from here, ready to paste. A password is left out, and so are the words of a
//! password command.

use crate::connect;
use crate::session::Scope;

const URL: &str = "--url";
const PASSWORD_COMMAND: &str = "--password-command";
/// Stands for it.
const COMMAND: &str = "CMD";

/// `rotate-driver`, the options that choose connection and target, and `rest`. A URL that came from DATABASE_URL
/// will come from there again.
pub fn to_paste(scope: &Scope, rest: &[&str]) -> String {
    let inherited = std::env::var("DATABASE_URL").ok();
    let url = scope.url.as_ref().filter(|url| Some(*url) != inherited.as_ref());
    let options = [
        (URL, url.and_then(|url| connect::redact(url).ok())),
        (PASSWORD_COMMAND, scope.password_command.as_ref().map(|_| COMMAND.to_owned())),
        ("--table", scope.table.clone()),
        ("--token-column", scope.token_column.clone()),
    ];
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten();
    line(given.chain(rest.iter().map(|&word| word.to_owned())))
}

/// This very command.
pub fn to_repeat() -> String {
    line(redacted(std::env::args().skip(1)))
}

/// This very command as it goes on: with `--new` it would start from the beginning.
pub fn to_continue() -> String {
    line(continuing(std::env::args().skip(1)))
}

fn continuing(words: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    redacted(words.filter(|word| word != "--new"))
}

/// The words of a command line that was understood. A URL that cannot be redacted is left out.
fn redacted(mut words: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    std::iter::from_fn(move || {
        let word = words.next()?;
        let (name, value) = word.split_once('=').unzip();
        let mut value = || value.map(str::to_owned).or_else(|| words.next());
        Some(match name.unwrap_or(&word) {
            URL => {
                value().and_then(|url| connect::redact(&url).ok()).map_or(Vec::new(), |url| pair(URL, &url))
            }
            PASSWORD_COMMAND => value().map_or(Vec::new(), |_| pair(PASSWORD_COMMAND, COMMAND)),
            _ => vec![word],
        })
    })
    .flatten()
}

fn pair(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), value.to_owned()]
}

fn line(words: impl Iterator<Item = String>) -> String {
    let quoted = words.map(|word| quote(&word));
    std::iter::once("rotate-driver".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
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
        Scope { url, password_command: None, table, token_column: None, node: None }
    }

    fn echoed(words: &[&str]) -> String {
        line(continuing(words.iter().map(|&word| word.to_owned())))
    }

    #[test]
    fn options_are_repeated_and_quoted_for_the_shell() {
        let line = to_paste(&scope(None, Some("\"Bob's\"")), &["run", "--batch", "50"]);
        assert_eq!(line, r#"rotate-driver --table '"Bob'\''s"' run --batch 50"#);
        let query = "rotate-driver run --throttle-query 'SELECT 1'";
        assert_eq!(echoed(&["run", "--throttle-query", "SELECT 1"]), query);
    }

    #[test]
    fn what_goes_on_is_not_started_anew() {
        assert_eq!(echoed(&["run", "--new", "--batch", "5"]), "rotate-driver run --batch 5");
    }

    #[test]
    fn a_password_is_left_out() {
        let url = "postgres://ann:secret@h/db";
        let expected = "rotate-driver --url 'dbname=db host=h user=ann' run";
        assert_eq!(to_paste(&scope(Some(url), None), &["run"]), expected);
        assert_eq!(echoed(&["--url", url, "run"]), expected);
        assert_eq!(echoed(&[&format!("--url={url}"), "run"]), expected);
    }

    #[test]
    fn the_words_of_a_password_command_are_left_out() {
        let expected = "rotate-driver run --password-command CMD --batch 5";
        assert_eq!(echoed(&["run", "--password-command", "echo secret", "--batch", "5"]), expected);
        assert_eq!(echoed(&["run", "--password-command=echo secret", "--batch", "5"]), expected);
        let scope = Scope { password_command: Some("echo secret".into()), ..scope(None, None) };
        assert_eq!(to_paste(&scope, &["run"]), "rotate-driver --password-command CMD run");
    }

    #[test]
    fn a_url_that_is_none_is_left_out_altogether() {
        assert_eq!(echoed(&["run", "--url", "postgres://h/db?secret=1"]), "rotate-driver run");
    }
}
