//! Parameters that frameworks and clouds put into a URL, and those of libpq that only make sense there.

use super::params::Params;
use super::sslmode;
use crate::error::Error;

/// They tune the pool or the statement cache of another client. Here there is nothing to tune.
const WITHOUT_EFFECT: [&str; 19] = [
    "charset",
    "conn_health_checks",
    "conn_max_age",
    "connection_limit",
    "encoding",
    "max_overflow",
    "max_protocol_version",
    "pgbouncer",
    "pool",
    "pool_size",
    "pool_timeout",
    "prepareThreshold",
    "prepared_statement_cache_size",
    "prepared_statements",
    "serverVersion",
    "sslcompression",
    "statement_cache_size",
    "supa",
    "uselibpqcompat",
];

const BY_TABLE: &str = "Leave it out, and name the table with its schema: --table schema.name";
const BY_OPTIONS: &str = "Write options=-c%20name%3Dvalue in a URL, or set PGOPTIONS='-c name=value'.";
const BY_SSLMODE: &str = "Leave it out, and write sslmode=verify-full with sslrootcert, or sslmode=require.";
const LEAVE_OUT: &str = "Leave it out; connect by host, port, user and dbname.";

const REFUSED: [(&str, &str); 18] = [
    ("currentSchema", BY_TABLE),
    ("schema", BY_TABLE),
    ("search_path", BY_TABLE),
    ("lock_timeout", BY_OPTIONS),
    ("statement_timeout", BY_OPTIONS),
    ("timezone", BY_OPTIONS),
    ("sslaccept", BY_SSLMODE),
    ("sslfactory", BY_SSLMODE),
    ("sslidentity", BY_SSLMODE),
    ("gssdelegation", LEAVE_OUT),
    ("gsslib", LEAVE_OUT),
    ("krbsrvname", LEAVE_OUT),
    ("oauth_client_id", LEAVE_OUT),
    ("oauth_issuer", LEAVE_OUT),
    ("replication", LEAVE_OUT),
    ("service", LEAVE_OUT),
    ("servicefile", LEAVE_OUT),
    ("sslkeylogfile", LEAVE_OUT),
];

/// What is left are libpq's keywords, and unknown ones.
pub fn translate(mut params: Params) -> Result<Params, Error> {
    params.retain(|keyword, _| !WITHOUT_EFFECT.contains(&keyword.as_str()));
    if let Some((keyword, instead)) = REFUSED.iter().find(|(keyword, _)| params.contains_key(*keyword)) {
        let what = format!("the connection parameter \"{keyword}\" is not supported");
        return Err(Error::Refused { what, instead });
    }
    if let Some(ssl) = params.remove("ssl") {
        let mode = sslmode::stronger(sslmode::of_flag(&ssl), params.get("sslmode"))?;
        params.insert("sslmode".to_owned(), mode.to_owned());
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::super::params::parse;

    fn sslmode(query: &str) -> String {
        parse(&format!("postgres://h/db?{query}")).unwrap()["sslmode"].clone()
    }

    #[test]
    fn what_tunes_another_client_is_passed_over() {
        let url = "postgres://h/db?pgbouncer=true&connection_limit=1&pool_timeout=0";
        assert_eq!(parse(url).unwrap(), parse("postgres://h/db").unwrap());
    }

    #[test]
    fn what_would_change_the_meaning_is_refused_by_name_without_the_value() {
        for (query, name) in [("schema=secret", "\"schema\""), ("sslaccept=secret", "\"sslaccept\"")] {
            let error = parse(&format!("postgres://h/db?{query}")).unwrap_err();
            assert!(error.to_string().contains(name) && !error.to_string().contains("secret"), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("Leave it out")));
        }
    }

    #[test]
    fn ssl_is_understood_and_never_weakens_sslmode() {
        for flag in ["1", "true", "True", "on", "require"] {
            assert_eq!(sslmode(&format!("ssl={flag}")), "require", "{flag}");
        }
        assert_eq!(sslmode("ssl=0"), "disable");
        assert_eq!(sslmode("sslmode=verify-full&ssl=true"), "verify-full");
        assert_eq!(sslmode("ssl=verify-full&sslmode=prefer"), "verify-full");
        assert!(parse("postgres://h/db?ssl=maybe").is_err());
    }
}
