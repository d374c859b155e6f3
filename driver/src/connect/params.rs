//! Connection parameters by libpq's keywords, from a connection string and from `PG*` variables.
//!
//! A keyword that is not known is not quoted: it can be the rest of a password.

use std::collections::BTreeMap;

use super::known::{self, KEYWORDS, SECRETS};
use super::misplaced::is_connection_string;
use super::{foreign, keywords, protections, url};
use crate::error::Error;

pub type Params = BTreeMap<String, String>;

/// Characters of a database name that stands alone. Others are those of a connection string.
const NAME: &str = "_-.$+~#";

/// What the connection string leaves out comes from the environment.
pub fn gather(text: Option<&str>, env: impl Fn(&str) -> Option<String>) -> Result<Params, Error> {
    if env("PGSERVICE").is_some_and(|service| !service.is_empty()) {
        return Err(Error::Refused {
            what: "PGSERVICE is set, and service files are not read".to_owned(),
            instead: "Unset it, and say by --url or PG* where to connect.",
        });
    }
    let given = text.map(parse).transpose()?.unwrap_or_default();
    let inherited = KEYWORDS
        .iter()
        .filter(|(_, variable)| !variable.is_empty())
        .filter_map(|(keyword, variable)| Some((keyword.to_string(), env(variable)?)));
    let params = inherited.chain(given).filter(|(_, value)| !value.is_empty()).collect();
    check_values(&params)?;
    protections::check(&params)?;
    Ok(params)
}

/// A URL, `keyword=value` pairs, or, as psql has it, just a database name.
pub fn parse(text: &str) -> Result<Params, Error> {
    let text = text.trim();
    if text.starts_with(['"', '\'', '`']) {
        return Err(malformed("it stands in quotes, which an env file or a shell has kept: take them out"));
    }
    let params = match url::strip_scheme(text)? {
        Some(rest) => url::parse(rest)?,
        None if text.contains('=') => keywords::parse(text)?,
        None if is_name(text) => Params::from([("dbname".to_owned(), text.to_owned())]),
        None => {
            return Err(malformed("it is no URL, no keyword=value pairs, and no plain name of a database"));
        }
    };
    let params = foreign::translate(params)?;
    params.keys().find(|key| !known::is_keyword(key)).map_or(Ok(()), |key| Err(unknown(key)))?;
    Ok(params)
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || NAME.contains(c))
}

fn check_values(params: &Params) -> Result<(), Error> {
    let misplaced = |(keyword, value): &(&String, &String)| {
        !SECRETS.contains(&keyword.as_str()) && is_connection_string(value)
    };
    match params.iter().find(misplaced) {
        Some((keyword, _)) => {
            Err(malformed(&format!("\"{keyword}\" holds a connection string or a password")))
        }
        None => Ok(()),
    }
}

/// Named is what was probably meant.
fn unknown(keyword: &str) -> Error {
    match known::nearest(keyword) {
        Some(meant) => malformed(&format!("it has an unknown parameter; is \"{meant}\" meant?")),
        None => malformed("it has an unknown parameter"),
    }
}

fn malformed(what: &str) -> Error {
    Error::ConnectionString(format!("the connection string cannot be read: {what}"))
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
        assert_eq!(parse(" app-1.test ").unwrap()["dbname"], "app-1.test");
        assert_eq!(parse("größe").unwrap()["dbname"], "größe");
    }

    #[test]
    fn what_is_no_bare_word_is_not_sent_as_one() {
        for text in ["//ann:secret@h/db", "ann:secret@h", "\"postgres://ann:secret@h\"", "secret db"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn of_unknown_keywords_the_nearest_known_one_is_named() {
        let error = parse("host=a sslmoed=require").unwrap_err().to_string();
        assert!(error.contains("\"sslmode\"") && !error.contains("sslmoed"), "{error}");
        assert!(!parse("password=my secret=x").unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn a_connection_string_in_the_place_of_a_name_is_refused() {
        let database = |name: &str| (name == "PGDATABASE").then(|| "postgres://ann:secret@h/db".to_owned());
        let error = gather(None, database).unwrap_err().to_string();
        assert!(error.contains("\"dbname\"") && !error.contains("secret"), "{error}");
    }
}
