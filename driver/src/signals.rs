//! INT, TERM and HUP: first a request to stop after the batch in flight, then an order.

use crate::connect::Canceller;
use crate::console;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

/// Which signal, if any, has asked the driver to stop.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<AtomicI32>);

impl Interrupt {
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
    }

    /// The first one decides the exit code.
    fn remember(&self, signal: i32) {
        let _ = self.0.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The signal after `patience` ones cancels on the server; one more ends the process at once.
    pub fn watch(canceller: Canceller, patience: usize) -> io::Result<Interrupt> {
        let mut signals = Signals::new(watched())?;
        let interrupt = Interrupt::default();
        let first = interrupt.clone();
        thread::spawn(move || {
            for (earlier, signal) in signals.forever().enumerate() {
                first.remember(signal);
                if earlier < patience {
                    console::interject("stopping after the batch in flight; once more cancels it");
                } else if earlier == patience {
                    cancel(&canceller);
                } else {
                    // Ends the process here and now, so there is nothing to hear back.
                    let _ = emulate_default_handler(signal);
                }
            }
        });
        Ok(interrupt)
    }
}

fn cancel(canceller: &Canceller) {
    console::interject("cancelling on the server");
    if let Err(error) = canceller.cancel() {
        console::note(&format!("cannot cancel: {error}"));
    }
}

/// Under nohup a hang-up stays without effect.
fn watched() -> Vec<i32> {
    let hangup = Some(SIGHUP).filter(|signal| !is_ignored(*signal));
    [SIGINT, SIGTERM].into_iter().chain(hangup).collect()
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: sigaction is plain data that the call fills in; a null action changes nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}
