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

    /// The signal after `patience` ones cancels on the server; one more ends the process at once.
    pub fn watch(canceller: Canceller, patience: usize) -> io::Result<Interrupt> {
        let mut signals = Signals::new(watched())?;
        let interrupt = Interrupt::default();
        let first = interrupt.clone();
        thread::spawn(move || {
            for (count, signal) in signals.forever().enumerate() {
                let _ = first
                    .0
                    .compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
                match count.cmp(&patience) {
                    std::cmp::Ordering::Less => {
                        console::note("stopping after the batch in flight; once more cancels it")
                    }
                    std::cmp::Ordering::Equal => cancel(&canceller),
                    std::cmp::Ordering::Greater => drop(emulate_default_handler(signal)),
                }
            }
        });
        Ok(interrupt)
    }
}

fn cancel(canceller: &Canceller) {
    console::note("cancelling on the server");
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
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}
