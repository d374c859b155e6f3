//! The program, given broken connection strings in every place that takes one. No server is there to answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use fastrand::Rng;

use crate::common::DRIVER;
use crate::common::mangler::{SECRET, connection_string, passfile_line, whole};

const CASES: usize = 400;

const VARIABLES: [&str; 8] =
    ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"];

#[test]
fn no_output_shows_the_password_of_a_broken_connection_string() {
    let folder = tempfile::tempdir().expect("a folder");
    let passfile = folder.path().join("passfile");
    let mut random = Rng::with_seed(15);
    for _ in 0..CASES {
        let mut command = Command::new("env");
        command.args(["-i", "PGHOSTADDR=127.0.0.1", "PGPORT=1", "PGCONNECT_TIMEOUT=2"]);
        command.arg(format!("HOME={}", folder.path().display()));
        let given = match random.u8(0..6) {
            0 => [DRIVER, "status", "--url", &connection_string(&mut random)].map(str::to_owned).to_vec(),
            1 => {
                vec![format!("DATABASE_URL={}", connection_string(&mut random)), DRIVER.into(), "run".into()]
            }
            2 => {
                let variable = random.choice(VARIABLES).expect("there are some");
                vec![format!("{variable}={}", whole(&mut random)), DRIVER.into(), "run".into()]
            }
            3 => [DRIVER, "run", "--password-command", &connection_string(&mut random)]
                .map(str::to_owned)
                .to_vec(),
            4 => [DRIVER, "run", &whole(&mut random)].map(str::to_owned).to_vec(),
            _ => {
                fs::write(&passfile, passfile_line(&mut random)).expect("the file can be written");
                fs::set_permissions(&passfile, fs::Permissions::from_mode(0o600))
                    .expect("the mode can be set");
                vec![
                    format!("PGPASSFILE={}", passfile.display()),
                    "PGUSER=ann".into(),
                    DRIVER.into(),
                    "run".into(),
                ]
            }
        };
        let output = command.args(&given).output().expect("the driver runs");
        let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success() && shown.contains("rotate-driver: "), "{given:?}\n{shown}");
        assert!(!shown.contains(SECRET), "{given:?}\n{shown}");
    }
}
