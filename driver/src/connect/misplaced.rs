//! Connection strings in places where a name belongs. The server would be sent it, and write it into its log.

/// Whether the value of a parameter looks as if it held a whole connection string, and with it a password.
pub fn is_connection_string(value: &str) -> bool {
    let dense: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    let dense = dense.to_ascii_lowercase();
    let spaced = dense.len() != value.len();
    let after = |mark: &str| dense.find(mark).map(|at| &dense[at..]);
    let assigned = ["password=", "passwd=", "pwd="].iter().any(|word| dense.contains(word));
    let scheme = ["postgres:", "postgresql:", "postgis:", "jdbc:"].iter().any(|word| dense.contains(word));
    let location = after(if spaced { "://" } else { ":" }).is_some_and(|rest| rest.contains('@'));
    assigned || scheme || location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_a_password_is_told_from_names() {
        for value in [
            "postgres://ann:secret@h/db",
            "postgresql:/ann:secret",
            "ann:secret@h",
            "mysql://ann:se cret@h",
            "app;password = secret",
            "require,PASSWORD=secret",
        ] {
            assert!(is_connection_string(value), "{value}");
        }
        for value in
            ["app", "my app", "ann@example", "/cloudsql/project:region:db", "nightly: ann@laptop", "::1"]
        {
            assert!(!is_connection_string(value), "{value}");
        }
    }
}
