//! `postgresql://user:password@host:port,host:port/dbname?keyword=value`.
//!
//! No error here quotes the URL: a badly encoded password can end up in any piece of it.

use percent_encoding::percent_decode_str;

use super::params::Params;
use crate::error::Error;

/// `postgis` is Django's; what follows a `+`, as in `postgresql+psycopg`, is the name of a Python driver.
const SCHEMES: [&str; 3] = ["postgresql", "postgres", "postgis"];

/// Where one of these stands unencoded in a name, the URL was put together wrongly, and the name may be
/// half a password.
const SEPARATORS: [char; 10] = ['/', ':', '@', '=', ';', ',', '&', '\'', '"', '?'];

/// What follows the scheme; None: it is no URL. The scheme of another program is not quoted either.
pub fn strip_scheme(text: &str) -> Result<Option<&str>, Error> {
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(None);
    };
    match (is_known(scheme), rest.strip_prefix("//")) {
        (true, Some(rest)) => Ok(Some(rest)),
        (true, None) => Err(malformed("two slashes have to follow its scheme, as in postgresql://")),
        (false, None) if scheme != "jdbc" => Ok(None),
        (false, _) => Err(malformed("its scheme is none of postgresql://, postgres:// and postgis://")),
    }
}

fn is_scheme(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(legal)
}

fn is_known(scheme: &str) -> bool {
    let name = scheme.split_once('+').map_or(scheme, |(name, _driver)| name);
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub fn parse(rest: &str) -> Result<Params, Error> {
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(malformed("it holds a space or a line break; a space is written %20"));
    }
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = location.split_once('/').unwrap_or((location, ""));
    let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    if user.contains(SEPARATORS) || dbname.contains(SEPARATORS) {
        return Err(malformed("its user or its database holds a character that has to be percent-encoded"));
    }
    let (hosts, ports) = split_hosts(hosts)?;

    let mut params = Params::new();
    for (keyword, value) in
        [("user", user), ("password", password), ("dbname", dbname), ("host", &hosts), ("port", &ports)]
    {
        if !value.is_empty() {
            params.insert(keyword.to_owned(), decode(value)?);
        }
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (keyword, value) =
            pair.split_once('=').ok_or_else(|| malformed("\"=\" is missing after a parameter"))?;
        params.insert(decode(keyword)?, decode(value)?);
    }
    Ok(params)
}

/// `a:1,[::1]:2,c` becomes `a,::1,c` and `1,2,`, as the keywords host and port take lists.
fn split_hosts(list: &str) -> Result<(String, String), Error> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for entry in list.split(',') {
        let (host, port) = match entry.strip_prefix('[') {
            Some(v6) => v6.split_once(']').ok_or_else(|| malformed("\"]\" is missing"))?,
            None => entry.split_at(entry.find(':').unwrap_or(entry.len())),
        };
        let port = port.strip_prefix(':').unwrap_or(port);
        if !port.bytes().all(|c| c.is_ascii_digit()) {
            return Err(malformed("a port is no number"));
        }
        hosts.push(host);
        ports.push(port);
    }
    let ports = if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
    Ok((hosts.join(","), ports))
}

fn decode(text: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| malformed("it is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(malformed("%00 can be part of no value"));
    }
    Ok(decoded.into_owned())
}

fn malformed(what: &str) -> Error {
    Error::ConnectionString(format!("the connection URL cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Params {
        parse(strip_scheme(url).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn every_piece_is_found_and_decoded() {
        let params = parsed("postgresql://ann:p%40ss@db.example:6432/my%20app?sslmode=require");
        let expected = [
            ("dbname", "my app"),
            ("host", "db.example"),
            ("password", "p@ss"),
            ("port", "6432"),
            ("sslmode", "require"),
            ("user", "ann"),
        ];
        assert!(params.iter().map(|(k, v)| (&**k, &**v)).eq(expected));
    }

    #[test]
    fn hosts_may_be_sockets_ipv6_and_lists() {
        assert_eq!(parsed("postgres://%2Ftmp/db")["host"], "/tmp");
        assert_eq!(parsed("postgres:///db?host=/tmp")["host"], "/tmp");
        let list = parsed("postgres://[::1]:1,b/db");
        assert_eq!((&*list["host"], &*list["port"]), ("::1,b", "1,"));
    }

    #[test]
    fn an_at_sign_in_the_password_is_forgiven() {
        let params = parsed("postgres://ann:p@ss@host/db");
        assert_eq!((&*params["password"], &*params["host"]), ("p@ss", "host"));
    }

    #[test]
    fn the_schemes_of_frameworks_are_understood_and_others_refused() {
        for scheme in ["postgis", "postgresql+psycopg2", "postgres+asyncpg", "POSTGRES"] {
            assert_eq!(parsed(&format!("{scheme}://h/db"))["host"], "h", "{scheme}");
        }
        for url in ["mysql://h/db", "jdbc:postgresql://h/db", "postgresql:/h/db", "postgres:h"] {
            assert!(strip_scheme(url).is_err(), "{url}");
        }
        for name in ["app", "h:5432", "postgresql//h"] {
            assert_eq!(strip_scheme(name).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn a_separator_that_should_be_encoded_is_refused_and_not_quoted() {
        for url in [
            "ann:secret@[::1/db",
            "ann@secret@h/db",
            "ann:12/secret@h/db",
            "ann;secret@h/db",
            "ann:secret,b/db?port=1",
            "h/db;password=secret",
            "h/db\"secret",
            "ann:sec%00ret@h",
            "h/db secret",
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(!error.contains("sec"), "{url}: {error}");
        }
    }
}
