//! A small file system for the server's WAL, to be filled up.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{Server, as_server_user};

/// Room for four times the WAL that the server keeps.
const BYTES: u64 = 400 << 20;
pub const SETTINGS: [&str; 2] = ["max_wal_size=96MB", "min_wal_size=32MB"];

/// A guardian unmounts and removes it when its standard input ends: with the value, or with the tests' process.
pub struct WalDisk {
    folder: PathBuf,
    guardian: Child,
}

impl WalDisk {
    /// Moves the WAL of a server there. Not everybody may mount a file system: an error says why not.
    pub fn under(server: &Server) -> Result<Self, String> {
        let disk = Self::mount()?;
        server.stop("fast");
        let (old, new) = (server.data().join("pg_wal"), disk.folder.join("mounted/pg_wal"));
        run(Command::new("mv").args([&old, &new]))?;
        let mut link = as_server_user(Path::new("/usr/bin/ln"));
        run(link.arg("-s").args([&new, &old]).current_dir("/"))?;
        server.start_again();
        Ok(disk)
    }

    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir_in("/var/tmp").map_err(|error| error.to_string())?;
        let (image, place) = (folder.path().join("image"), folder.path().join("mounted"));
        File::create(&image).and_then(|file| file.set_len(BYTES)).map_err(|error| error.to_string())?;
        run(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image))?;
        fs::create_dir(&place).map_err(|error| error.to_string())?;
        run(Command::new("mount").args(["-o", "loop"]).args([&image, &place]))?;
        run(Command::new("chmod").arg("755").args([folder.path(), &place]))?;
        let clean_up = r#"trap '' INT TERM; cat >/dev/null; umount --lazy "$0/mounted"; rm -rf "$0""#;
        let mut guardian = Command::new("sh");
        guardian.args(["-c", clean_up]).arg(folder.path()).stdin(Stdio::piped());
        let guardian = guardian.spawn().map_err(|error| error.to_string())?;
        Ok(Self { folder: folder.keep(), guardian })
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("mounted/filler")
    }

    pub fn fill(&self) {
        let file = File::create(self.filler()).expect("the file system is mounted");
        let mut size = 0;
        let mut step = BYTES as i64;
        while step >= 4096 {
            // SAFETY: a plain system call on a file that is open.
            match unsafe { libc::posix_fallocate(file.as_raw_fd(), size, step) } {
                0 => size += step,
                _ => step /= 2,
            }
        }
    }

    pub fn empty(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }
}

impl Drop for WalDisk {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        self.guardian.wait().expect("the guardian ends");
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
