//! The driver as a process that can be watched, signalled and waited for.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

const PATIENCE: Duration = Duration::from_mins(1);

/// Its output goes to files, so that nobody has to keep reading it. Killed if a test gives up on it.
pub struct Running {
    child: Child,
    stdout: NamedTempFile,
    stderr: NamedTempFile,
}

pub struct Ended {
    /// None: killed by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let [stdout, stderr] = [(), ()].map(|()| NamedTempFile::new().expect("a file for the output"));
        let open = |file: &NamedTempFile| file.reopen().expect("the file is there");
        let child = command.stdout(open(&stdout)).stderr(open(&stderr)).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), stdout, stderr }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: a plain system call; the child has not been waited for, so the id is still its own.
        let result = unsafe { libc::kill(self.child.id() as i32, signal) };
        let said = || format!("{}{}", read(&self.stdout), read(&self.stderr));
        assert_eq!(result, 0, "the process takes signals; it said: {}", said());
    }

    pub fn wait_for_stderr(&self, text: &str) {
        self.wait_for_stderr_times(text, 1);
    }

    pub fn wait_for_stderr_times(&self, text: &str, times: usize) {
        poll(text, || read(&self.stderr).matches(text).count() >= times);
    }

    pub fn wait_for_stdout(&self, text: &str) {
        poll(text, || read(&self.stdout).contains(text));
    }

    /// What it said last of all.
    pub fn wait_for_last_stderr_line(&self, text: &str) {
        poll(text, || read(&self.stderr).lines().last().is_some_and(|line| line.contains(text)));
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the process can be waited for").is_none()
    }

    pub fn wait(mut self) -> Ended {
        poll("the end of the process", || !self.is_running());
        let status = self.child.wait().expect("the process can be waited for");
        Ended { code: status.code(), stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_running() {
            self.child.kill().expect("the process can be killed");
            self.child.wait().expect("the process can be waited for");
        }
    }
}

impl Ended {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "stdout: {stdout}\nstderr: {stderr}");
        self
    }

    /// Every text is part of what the process said on stderr.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "{text} is missing in: {}", self.stderr);
        }
        self
    }
}

/// Waits for a condition; the wait has no bearing on what is tested, only a limit.
#[track_caller]
pub fn poll(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for: {what}");
        sleep(Duration::from_millis(10));
    }
}

fn read(file: &NamedTempFile) -> String {
    let bytes = fs::read(file).expect("the output can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
