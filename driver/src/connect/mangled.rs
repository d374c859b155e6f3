//! Whatever a connection string is broken into, its password is neither shown nor sent as anything else.

use fastrand::Rng;

use super::known::SECRETS;
use super::mangler::{SECRET, connection_string, passfile_line, whole};
use super::params::{Params, gather};
use super::passfile::Login;
use super::server::Server;
use super::settings::Settings;
use super::{Request, redact};
use crate::error::Error;

const CASES: usize = 40_000;

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

#[test]
fn the_password_of_a_broken_connection_string_is_not_shown() {
    let mut random = Rng::with_seed(12);
    let mut accepted = 0;
    for _ in 0..CASES {
        let string = connection_string(&mut random);
        let tried = prepare(gather(Some(&string), |_| None));
        accepted += usize::from(tried.is_ok());
        assert_hidden(&string, tried);
        assert!(!redact(&string).unwrap_or_default().contains(SECRET), "{string}");
    }
    // Most are refused, but that is not the point.
    assert!((CASES / 10..CASES).contains(&accepted), "{accepted} of {CASES} are accepted");
}

#[test]
fn a_connection_string_in_a_variable_is_not_shown() {
    let mut random = Rng::with_seed(13);
    for _ in 0..CASES {
        let (string, variable) = (whole(&mut random), random.choice(VARIABLES).unwrap());
        let tried = prepare(gather(None, |name| (name == variable).then(|| string.clone())));
        assert_hidden(&format!("{variable}={string}"), tried);
    }
}

#[test]
fn of_a_broken_passfile_line_nothing_but_the_password_is_taken() {
    let mut random = Rng::with_seed(14);
    let login = Login { hosts: vec!["h"], port: "1", dbname: "app", user: "ann" };
    for _ in 0..CASES {
        let line = passfile_line(&mut random);
        let password = login.password_in(&line);
        assert!(
            password.is_none_or(|password| line.replace('\\', "").ends_with(&password.replace('\\', "")))
        );
    }
}

/// All that is done before a server is asked.
fn prepare(params: Result<Params, Error>) -> Result<(Params, Vec<Server>), Error> {
    let request = Request { url: None, password_command: None, writes: true, options: None };
    let params = params?;
    let settings = Settings::new(params.clone(), &request)?;
    Ok((params, settings.servers()?))
}

fn assert_hidden(string: &str, tried: Result<(Params, Vec<Server>), Error>) {
    let shown = match tried {
        Ok((mut params, servers)) => {
            params.retain(|keyword, _| !SECRETS.contains(&keyword.as_str()));
            format!("{params:?} {servers:?}")
        }
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    };
    assert!(!shown.contains(SECRET), "{string}\n{shown}");
}
