//! A word where DATABASE_URL, set for an application, wins over the variables that were set for this command.

use super::params::{gather, parse};
use super::server::Server;

/// None: there is nothing to warn of.
pub fn overridden(url: Option<&str>) -> Option<String> {
    note(url?, super::variable)
}

fn note(url: &str, env: impl Fn(&str) -> Option<String>) -> Option<String> {
    let wanted = env("PGHOST").filter(|host| !host.is_empty())?;
    let by_environment = env("DATABASE_URL").is_some_and(|inherited| inherited == url);
    let host = parse(url).ok()?.remove("host").filter(|host| *host != wanted)?;
    let servers = Server::list(&gather(Some(url), &env).ok()?).ok()?;
    let servers = servers.iter().map(Server::to_string).collect::<Vec<_>>().join(", ");
    (by_environment && !host.is_empty()).then(|| {
        format!("warning: DATABASE_URL wins over PGHOST: the server is {servers}; --url names another")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(url: &str, host: &str) -> Option<String> {
        let set = |name: &str| match name {
            "PGHOST" => Some(host.to_owned()),
            "DATABASE_URL" => Some("postgres://ann:secret@prod/app".to_owned()),
            _ => None,
        };
        note(url, set)
    }

    #[test]
    fn a_url_from_the_environment_that_wins_over_another_host_is_told() {
        let inherited = "postgres://ann:secret@prod/app";
        let note = noted(inherited, "staging").unwrap();
        assert!(note.contains("the server is prod port 5432") && !note.contains("secret"), "{note}");
        assert_eq!([noted(inherited, "prod"), noted(inherited, "")], [None, None]);
        assert_eq!(noted("postgres://other/app", "staging"), None, "an option was meant");
    }
}
