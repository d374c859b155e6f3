//! The program, given broken connection strings in every place that takes one. No server is there to answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::{Strategy, prop_assert};
use proptest::prop_oneof;
use proptest::sample::select;

use crate::common::DRIVER;
use crate::common::mangler::{SECRET, conninfo, passfile_line, url, whole};
use crate::common::property::check;

const VARIABLES: [&str; 8] =
    ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"];

/// Where a string was put.
#[derive(Clone, Copy, Debug)]
enum Place {
    Option(&'static str),
    Variable(&'static str),
    Argument,
    Passfile,
}

#[test]
fn no_output_shows_the_password_of_a_broken_connection_string() {
    let folder = tempfile::tempdir().expect("a folder");
    check(slips(), 400, |(place, string)| {
        let output = driver(place, &string, folder.path()).output().expect("the driver runs");
        let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        prop_assert!(!output.status.success() && shown.contains("rotate-driver: "), "{shown}");
        prop_assert!(!shown.contains(SECRET), "{shown}");
        Ok(())
    });
}

fn slips() -> impl Strategy<Value = (Place, String)> {
    let broken = || prop_oneof![url(), conninfo()];
    prop_oneof![
        broken().prop_map(|string| (Place::Option("--url"), string)),
        broken().prop_map(|string| (Place::Option("--password-command"), string)),
        broken().prop_map(|string| (Place::Variable("DATABASE_URL"), string)),
        (select(&VARIABLES[..]), whole()).prop_map(|(name, string)| (Place::Variable(name), string)),
        whole().prop_map(|string| (Place::Argument, string)),
        passfile_line().prop_map(|line| (Place::Passfile, line)),
    ]
}

fn driver(place: Place, string: &str, folder: &Path) -> Command {
    let mut driver = Command::new(DRIVER);
    driver.env_clear().env("HOME", folder).arg("run");
    driver.envs([("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "1"), ("PGCONNECT_TIMEOUT", "2")]);
    match place {
        Place::Option(option) => driver.args([option, string]),
        Place::Variable(name) => driver.env(name, string),
        Place::Argument => driver.arg(string),
        Place::Passfile => driver.env("PGUSER", "ann").env("PGPASSFILE", passfile(string, folder)),
    };
    driver
}

fn passfile(line: &str, folder: &Path) -> PathBuf {
    let file = folder.join("passfile");
    fs::write(&file, line).expect("the file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the mode can be set");
    file
}
