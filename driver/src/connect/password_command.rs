//! A password from a program, asked for each connection: tokens of clouds are short-lived. Neither its words
//! nor what it prints are shown.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;

/// Long enough for a token service over a slow network.
pub const LIMIT: Duration = Duration::from_secs(30);
/// Tokens have one or two thousand bytes.
const LONGEST: u64 = 65_536;
const POLL: Duration = Duration::from_millis(5);

/// The first line of its output. Without a shell. Its standard input is empty, since the driver's may be a
/// list of tokens.
pub fn run(command: &str, limit: Duration) -> Result<String, Error> {
    let words = shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(malformed)?;
    let mut program = Command::new(&words[0]);
    program.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = program.spawn().map_err(|error| failed(format!("cannot be started: {error}")))?;
    let deadline = Instant::now() + limit;
    let printed = child.stdout.take().and_then(|stdout| first_line(stdout, limit));
    let Some((line, status)) = printed.zip(ended(&mut child, deadline)) else {
        stop(&mut child);
        return Err(failed(format!("took longer than {} s", limit.as_secs())));
    };
    password(line, status)
}

fn password(line: io::Result<Vec<u8>>, status: ExitStatus) -> Result<String, Error> {
    if !status.success() {
        return Err(failed(format!("failed: {status}")));
    }
    let line = line.map_err(|error| failed(format!("cannot be read: {error}")))?;
    let line = String::from_utf8(line).map_err(|_| failed("printed what is no UTF-8".to_owned()))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(failed("printed no password: its first line is empty".to_owned())),
        password => Ok(password.to_owned()),
    }
}

/// None: it did not come in time. The rest is read as well, so that the program meets no closed pipe.
fn first_line(stdout: ChildStdout, limit: Duration) -> Option<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        let read = stdout.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let _ = sender.send(read.map(|_| line));
        let _ = io::copy(&mut stdout, &mut io::sink());
    });
    receiver.recv_timeout(limit).ok()
}

fn ended(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            _ => return None,
        }
    }
}

/// It may have ended meanwhile.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn failed(how: String) -> Error {
    Error::PasswordCommand(how)
}

fn malformed() -> Error {
    Error::Parameter("--password-command is empty, or a quote in it is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(command: &str) -> Result<String, String> {
        run(command, Duration::from_secs(20)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_line_is_the_password_as_it_stands() {
        assert_eq!(outcome(r"printf ' a b:c \r\nsecond\n'").unwrap(), " a b:c ");
        assert_eq!(outcome(r#"printf %s "it's""#).unwrap(), "it's");
        assert_eq!(outcome("printf '%100000d' 1").unwrap().len(), 65_536);
    }

    #[test]
    fn no_shell_stands_between_unless_it_is_asked_for() {
        assert_eq!(outcome("echo $HOME;id|cat").unwrap(), "$HOME;id|cat");
        assert_eq!(outcome("sh -c 'echo $((6 * 7))'").unwrap(), "42");
    }

    #[test]
    fn what_goes_wrong_is_told_without_what_was_printed() {
        for (command, expected) in [
            ("sh -c 'echo secret; exit 3'", "failed: exit status: 3"),
            ("sh -c 'echo; echo secret'", "its first line is empty"),
            ("true", "its first line is empty"),
            (r"printf '\377secret\n'", "no UTF-8"),
            ("secret-program", "cannot be started: No such file"),
            ("'secret", "a quote in it is not closed"),
            (" ", "--password-command is empty"),
        ] {
            let error = outcome(command).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{command}: {error}");
        }
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        for command in ["sleep 60", "sh -c 'echo secret; exec sleep 60'"] {
            let error = run(command, Duration::from_secs(1)).unwrap_err().to_string();
            assert_eq!(error, "the password command took longer than 1 s");
        }
    }
}
