//! Settings of the server for the length of a piece of work.

use std::ffi::CString;
use std::thread;
use std::time::Duration;

use pgrx::pg_sys;

/// What is set through it holds until it is dropped. An error of the server resets settings by itself.
pub struct Nested {
    level: i32,
}

impl Nested {
    pub fn begin() -> Self {
        // SAFETY: opens a level in the stack of settings of the current transaction, which `drop` or its abort closes.
        Self { level: unsafe { pg_sys::NewGUCNestLevel() } }
    }

    pub fn set(self, name: &str, value: &str) -> Self {
        set(name, value);
        self
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        if !thread::panicking() {
            // SAFETY: closes the level that `begin` has opened; levels are closed in the reverse order.
            unsafe { pg_sys::AtEOXact_GUC(true, self.level) }
        }
    }
}

/// Within a nested level that was begun before.
pub fn set(name: &str, value: &str) {
    let text = |text: &str| CString::new(text).expect("settings are constants and numbers");
    let (name, value) = (text(name), text(value));
    // SAFETY: the server copies both strings, and an unknown name or a bad value is an error of the server.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

/// None stands for no limit.
pub fn lock_timeout() -> Option<Duration> {
    // SAFETY: a number that only this process changes.
    let milliseconds = unsafe { pg_sys::LockTimeout };
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds.unsigned_abs().into()))
}

/// At least one millisecond: none would stand for no limit.
pub fn set_lock_timeout(longest: Duration) {
    set("lock_timeout", &longest.as_millis().max(1).to_string());
}

pub fn deadlock_timeout() -> Duration {
    // SAFETY: a number that only this process changes.
    let milliseconds = unsafe { pg_sys::DeadlockTimeout };
    Duration::from_millis(milliseconds.unsigned_abs().into())
}
