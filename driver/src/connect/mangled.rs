//! Whatever a connection string is broken into, its password is neither shown nor sent as anything else.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::{Strategy, TestCaseError, any, prop_assert};
use proptest::prop_oneof;
use proptest::sample::select;

use super::known::SECRETS;
use super::mangler::{BETWEEN, SECRET, conninfo, passfile_line, url, whole};
use super::params::{Params, gather};
use super::passfile::Login;
use super::server::Server;
use super::settings::Settings;
use super::{Request, redact};
use crate::error::Error;
use crate::property::check;

const CASES: u32 = 20_000;

/// Where a whole connection string may have got into by mistake.
const VARIABLES: [&str; 12] = [
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGOPTIONS",
    "PGAPPNAME",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGTARGETSESSIONATTRS",
    "PGREQUIREAUTH",
    "PGSERVICE",
    "PGPASSFILE",
];

/// What any connection string is made of, beside what may stand between.
const WORDS: [&str; 20] = [
    SECRET,
    "postgresql:",
    "password=",
    "sslpassword=",
    "user=",
    "host=",
    "hostaddr=",
    "port=",
    "dbname=",
    "sslmode=",
    "sslkey=",
    "channel_binding=",
    "connect_timeout=",
    "require_auth=",
    "options=",
    "ann",
    "127.0.0.1",
    "5432",
    "\n",
    "\u{200b}ü",
];

#[test]
fn the_password_of_a_broken_url_is_not_shown() {
    assert_password_hidden(url());
}

#[test]
fn the_password_of_a_broken_conninfo_string_is_not_shown() {
    assert_password_hidden(conninfo());
}

#[test]
fn a_connection_string_in_a_variable_is_not_shown() {
    check((select(&VARIABLES[..]), whole()), CASES, |(variable, string)| {
        assert_hidden(prepare(gather(None, |name| (name == variable).then(|| string.clone()))))
    });
}

#[test]
fn text_of_any_kind_is_read_or_refused_by_an_error_that_does_not_quote_it() {
    check(text(), CASES, |text| match prepare(gather(Some(&text), |_| None)) {
        Ok(_) => Ok(()),
        refused => assert_hidden(refused),
    });
}

#[test]
fn of_a_broken_passfile_line_nothing_but_the_password_is_taken() {
    let login = Login { hosts: vec!["h"], port: "1", dbname: "app", user: "ann" };
    check(passfile_line(), CASES, |line| {
        let end = |password: &str| line.replace('\\', "").ends_with(&password.replace('\\', ""));
        let password = login.password_in(&line);
        prop_assert!(password.is_none_or(|password| end(&password)));
        Ok(())
    });
}

#[test]
fn a_passfile_line_of_any_kind_is_read() {
    let login = Login { hosts: vec!["h"], port: "1", dbname: "app", user: "ann" };
    check(text(), CASES, |line| {
        let password = login.password_in(&line);
        prop_assert!(password.is_none_or(|password| !password.is_empty()));
        Ok(())
    });
}

/// Anything at all, or pieces of connection strings in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(&WORDS[..]), select(&BETWEEN[..])];
    prop_oneof![1 => any::<String>(), 3 => vec(piece, 0..16).prop_map(|pieces| pieces.concat())]
}

fn assert_password_hidden(strings: impl Strategy<Value = String>) {
    let (tried, accepted) = (Cell::new(0), Cell::new(0));
    check(strings, CASES, |string| {
        let prepared = prepare(gather(Some(&string), |_| None));
        tried.update(|tried| tried + 1);
        accepted.update(|accepted| accepted + u64::from(prepared.is_ok()));
        assert_hidden(prepared)?;
        prop_assert!(!redact(&string).unwrap_or_default().contains(SECRET));
        Ok(())
    });
    let (tried, accepted) = (tried.get(), accepted.get());
    assert!((tried / 10..tried).contains(&accepted), "{accepted} of {tried} are accepted");
}

/// All that is done before a server is asked.
fn prepare(params: Result<Params, Error>) -> Result<(Params, Vec<Server>), Error> {
    let request = Request { url: None, password_command: None, node: None, writes: true, options: None };
    let params = params?;
    let settings = Settings::new(params.clone(), &request)?;
    Ok((params, settings.servers()?))
}

fn assert_hidden(tried: Result<(Params, Vec<Server>), Error>) -> Result<(), TestCaseError> {
    let shown = match tried {
        Ok((mut params, servers)) => {
            params.retain(|keyword, _| !SECRETS.contains(&keyword.as_str()));
            format!("{params:?} {servers:?}")
        }
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    };
    prop_assert!(!shown.contains(SECRET), "{shown}");
    Ok(())
}
