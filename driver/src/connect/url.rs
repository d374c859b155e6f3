//! `postgresql://user:password@host:port,host:port/dbname?keyword=value`.
//!
//! No error here quotes the URL: a badly encoded password can end up in any piece of it.

use super::params::Params;
use crate::error::Error;
use percent_encoding::percent_decode_str;

pub fn strip_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"))
}

pub fn parse(rest: &str) -> Result<Params, Error> {
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = location.split_once('/').unwrap_or((location, ""));
    let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
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
        let (keyword, value) = parse_pair(pair)?;
        params.insert(keyword, value);
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
        hosts.push(host);
        ports.push(port.strip_prefix(':').unwrap_or(port));
    }
    let ports = if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
    Ok((hosts.join(","), ports))
}

fn parse_pair(pair: &str) -> Result<(String, String), Error> {
    let (keyword, value) =
        pair.split_once('=').ok_or_else(|| malformed("\"=\" is missing after a parameter"))?;
    match (keyword, value) {
        ("ssl", "true") => Ok(("sslmode".to_owned(), "require".to_owned())),
        _ => Ok((decode(keyword)?, decode(value)?)),
    }
}

fn decode(text: &str) -> Result<String, Error> {
    percent_decode_str(text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| malformed("it is not UTF-8"))
}

fn malformed(what: &str) -> Error {
    Error::ConnectionString(format!("the connection URL cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Params {
        parse(strip_scheme(url).unwrap()).unwrap()
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
    fn errors_do_not_quote_the_url() {
        let error = parse("ann:secret@[::1/db").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
