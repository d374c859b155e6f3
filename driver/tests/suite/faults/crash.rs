//! What kills a server, and brings it back. Only processes of the test's own server are ever signalled.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::probe::wait_for;
use crate::common::Server;

/// From now on servers become children of this process, as their starters end. A killed one counts as running until
/// its parent has collected it, and not every init of a container does that in time.
pub fn adopt_servers() {
    // SAFETY: a plain system call without pointers.
    let result = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    assert_eq!(result, 0, "any process may collect others");
}

/// The postmaster's process id, from the file that it leaves behind when it is killed.
pub fn postmaster(server: &Server) -> i32 {
    let file = fs::read_to_string(server.data().join("postmaster.pid")).expect("the server runs");
    let process = file.lines().next().and_then(|line| line.parse().ok()).expect("a process id");
    assert!(is_program_of(server, process), "{process} is not this test's server");
    process
}

/// Whether its postmaster runs, which ends last where it ends by itself.
pub fn is_running(server: &Server) -> bool {
    let file = fs::read_to_string(server.data().join("postmaster.pid")).unwrap_or_default();
    let process = file.lines().next().and_then(|line| line.parse().ok());
    process.is_some_and(|process| is_program_of(server, process))
}

pub fn kill_backend(server: &Server, process: i32) {
    if parent(process) == Some(postmaster(server)) {
        signal(process, libc::SIGKILL);
    }
}

/// Its children notice by themselves, some of them only after a while. Until they are gone no server can start.
/// Stopped first, it has no more of them.
pub fn kill_postmaster(server: &Server) {
    let process = postmaster(server);
    signal(process, libc::SIGSTOP);
    let children: Vec<i32> = processes().filter(|child| parent(*child) == Some(process)).collect();
    signal(process, libc::SIGKILL);
    // SAFETY: a plain system call that is given no place to write to. Where it is not a child of this process, init
    // collects it.
    unsafe { libc::waitpid(process, std::ptr::null_mut(), 0) };
    wait_for("the end of the postmaster and its children", Duration::from_mins(1), || {
        !Path::new(&format!("/proc/{process}")).exists() && !children.iter().any(|child| is_alive(*child))
    });
}

fn signal(process: i32, signal: i32) {
    // SAFETY: a plain system call; the process may be gone by now, which does no harm.
    unsafe { libc::kill(process, signal) };
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// By its command line, which everybody may read; in a container not even root may follow `/proc/PID/exe`.
fn is_program_of(server: &Server, process: i32) -> bool {
    let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    line.starts_with(server.variable("PGBIN"))
}

fn is_alive(process: i32) -> bool {
    status(process).is_some_and(|(state, _)| state != "Z")
}

fn parent(process: i32) -> Option<i32> {
    status(process).map(|(_, parent)| parent)
}

/// State and parent, which come behind the name in parentheses.
fn status(process: i32) -> Option<(String, i32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
