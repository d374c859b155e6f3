//! `~/.pgpass`: one `host:port:database:user:password` a line, `*` for any.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::console;

/// What a line of the file must match.
pub struct Login<'a> {
    /// Every name of the host: a socket is also known as localhost.
    pub hosts: Vec<&'a str>,
    pub port: &'a str,
    pub dbname: &'a str,
    pub user: &'a str,
}

/// The first matching password. A file that others can read is not used, as in libpq.
pub fn lookup(file: &Path, login: &Login) -> Option<String> {
    let about = fs::metadata(file).ok()?;
    if !about.is_file() {
        warn(file, "is not a plain file");
        return None;
    }
    if about.permissions().mode() & 0o077 != 0 {
        warn(file, "has group or world access; run chmod 0600 on it");
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| login.password_in(line))
}

fn warn(file: &Path, what: &str) {
    let file = file.display();
    console::note(&format!("warning: password file \"{file}\" is not used: it {what}"));
}

impl Login<'_> {
    pub fn password_in(&self, line: &str) -> Option<String> {
        if line.starts_with('#') {
            return None;
        }
        let [host, port, dbname, user, password] = split(line).try_into().ok()?;
        let any = |field: &str, names: &[&str]| field == "*" || names.contains(&field);
        let matches = any(&host, &self.hosts)
            && any(&port, &[self.port])
            && any(&dbname, &[self.dbname])
            && any(&user, &[self.user]);
        (matches && !password.is_empty()).then_some(password)
    }
}

/// Fields between unescaped colons; the fifth and last takes the rest of the line.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut().unwrap().extend(chars.next()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(line: &str) -> Option<String> {
        let login = Login { hosts: vec!["/tmp", "localhost"], port: "5432", dbname: "app", user: "ann" };
        login.password_in(line)
    }

    #[test]
    fn fields_match_exactly_or_by_star() {
        assert_eq!(password("/tmp:5432:app:ann:x").unwrap(), "x");
        assert_eq!(password("localhost:*:*:ann:x").unwrap(), "x");
        assert_eq!(password("*:5433:*:*:x"), None);
        assert_eq!(password("*:*:*:an*:x"), None);
    }

    #[test]
    fn backslashes_escape_colons_and_themselves() {
        assert_eq!(password(r"*:*:*:*:a\:b\\c:d").unwrap(), r"a:b\c:d");
        assert_eq!(password(r"local\host:*:*:*:x").unwrap(), "x");
    }

    #[test]
    fn comments_short_lines_and_empty_passwords_are_passed_over() {
        for line in ["#*:*:*:*:x", "", "*:*:*:*", "*:*:*:*:"] {
            assert_eq!(password(line), None, "{line}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "*:*:*:*:x\n").unwrap();
        let lookup_with = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let login = Login { hosts: vec![], port: "", dbname: "", user: "" };
            lookup(file.path(), &login)
        };
        assert_eq!(lookup_with(0o600).as_deref(), Some("x"));
        assert_eq!(lookup_with(0o640), None);
    }
}
