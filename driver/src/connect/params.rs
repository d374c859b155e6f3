//! Connection parameters by libpq's keywords, from a connection string and from `PG*` variables.

use super::{keywords, url};
use crate::error::Error;
use std::collections::BTreeMap;

pub type Params = BTreeMap<String, String>;

/// Each keyword that is understood, with the variable that stands in for it.
const KEYWORDS: [(&str, &str); 24] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("fallback_application_name", ""),
    ("client_encoding", ""),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("gssencmode", "PGGSSENCMODE"),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_count", ""),
    ("tcp_user_timeout", ""),
];

/// What the connection string leaves out comes from the environment.
pub fn gather(text: Option<&str>, env: impl Fn(&str) -> Option<String>) -> Result<Params, Error> {
    if env("PGSERVICE").is_some_and(|service| !service.is_empty()) {
        let what = "PGSERVICE is set, and service files are not read: unset it, and say by --url or PG* where to connect";
        return Err(Error::Parameter(what.into()));
    }
    let given = text.map(parse).transpose()?.unwrap_or_default();
    let inherited = KEYWORDS
        .iter()
        .filter(|(_, variable)| !variable.is_empty())
        .filter_map(|(keyword, variable)| Some((keyword.to_string(), env(variable)?)));
    Ok(inherited.chain(given).filter(|(_, value)| !value.is_empty()).collect())
}

/// A URL, `keyword=value` pairs, or, as psql has it, just a database name.
pub fn parse(text: &str) -> Result<Params, Error> {
    let params = match url::strip_scheme(text) {
        Some(rest) => url::parse(rest)?,
        None if text.contains('=') => keywords::parse(text)?,
        None => Params::from([("dbname".to_owned(), text.to_owned())]),
    };
    match params.keys().find(|key| !is_keyword(key)) {
        Some(key) => Err(Error::ConnectionString(format!("there is no connection parameter \"{key}\""))),
        None => Ok(params),
    }
}

fn is_keyword(key: &str) -> bool {
    KEYWORDS.iter().any(|(keyword, _)| *keyword == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_refused_rather_than_ignored() {
        let service = |variable: &str| (variable == "PGSERVICE").then(|| "app".to_owned());
        let error = gather(None, service).unwrap_err().to_string();
        assert!(error.starts_with("PGSERVICE is set"), "{error}");
    }

    fn environment(variable: &str) -> Option<String> {
        match variable {
            "PGHOST" => Some("env-host".into()),
            "PGPORT" => Some("6543".into()),
            "PGPASSWORD" => Some("env-secret".into()),
            "PGUSER" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn the_connection_string_wins_piece_by_piece() {
        let params = gather(Some("postgres://ann@db.example/app"), environment).unwrap();
        assert_eq!(params["host"], "db.example");
        assert_eq!(params["port"], "6543");
        assert_eq!(params["password"], "env-secret");
        assert_eq!(params["user"], "ann");
    }

    #[test]
    fn empty_values_count_as_missing() {
        let params = gather(None, environment).unwrap();
        assert_eq!(params["host"], "env-host");
        assert!(!params.contains_key("user") && !params.contains_key("dbname"));
        let params = gather(Some("host='' port=''"), environment).unwrap();
        assert_eq!((&*params["host"], &*params["port"]), ("env-host", "6543"));
    }

    #[test]
    fn a_bare_word_is_a_database() {
        assert_eq!(parse("app").unwrap()["dbname"], "app");
    }

    #[test]
    fn unknown_keywords_are_named() {
        let error = parse("host=a sslmoed=require").unwrap_err();
        assert!(error.to_string().contains("\"sslmoed\""));
    }
}
