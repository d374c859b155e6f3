//! What kills a server, and brings it back. Only processes of the test's own server are ever signalled.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::server::Server;

use super::probe::wait_for;

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
    let program = fs::read_link(format!("/proc/{process}/exe")).expect("the postmaster runs");
    assert!(program.starts_with(server.variable("PGBIN")), "{program:?} is not this test's server");
    process
}

pub fn kill_backend(server: &Server, process: i32) {
    if parent(process) == Some(postmaster(server)) {
        kill(process);
    }
}

/// Its children notice by themselves, some of them only after a while. Until they are gone no server can start.
pub fn kill_postmaster(server: &Server) {
    let process = postmaster(server);
    kill(process);
    // SAFETY: a plain system call that is given no place to write to. Where it is not a child of this process, init collects it.
    unsafe { libc::waitpid(process, std::ptr::null_mut(), 0) };
    wait_for("the end of the postmaster's children", Duration::from_secs(60), || {
        !is_running(server) && !Path::new(&format!("/proc/{process}")).exists()
    });
}

/// Whether any process of it is left: each works in the data folder.
pub fn is_running(server: &Server) -> bool {
    let data = fs::canonicalize(server.data()).expect("the data folder is there");
    let folder = |process| fs::read_link(format!("/proc/{process}/cwd"));
    processes().any(|process| folder(process).is_ok_and(|folder| folder == data))
}

fn kill(process: i32) {
    // SAFETY: a plain system call; the process may be gone by now, which does no harm.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}
