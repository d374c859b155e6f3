//! INT, TERM and HUP: first a request to stop after the batch in flight, then an order.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::connect::Canceller;
use crate::console;

/// A cancel takes milliseconds where it arrives. Poolers and proxies of managed servers may take none.
const NO_EFFECT_AFTER: Duration = Duration::from_secs(3);

/// Which signal, if any, has asked the driver to stop.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    signal: Option<i32>,
    slots: Vec<Slot>,
}

#[derive(Default)]
struct Slot {
    canceller: Option<Canceller>,
    /// Whether nothing is lost with the statement that runs: the first signal cancels it.
    cancel_at_once: bool,
}

/// One connection's place among those that a signal may cancel.
#[derive(Clone, Copy)]
pub struct SlotId(usize);

impl Interrupt {
    /// The signal after `requests` ones cancels on the server; one more ends the process at once.
    pub fn watch(requests: usize) -> io::Result<Self> {
        let mut signals = Signals::new(watched())?;
        let interrupt = Self::default();
        let watching = interrupt.clone();
        thread::spawn(move || {
            for (earlier, signal) in signals.forever().enumerate() {
                let cancellers = watching.remember(signal);
                cancel(&watching.to_cancel_at_once());
                match cancellers.is_empty() {
                    false if earlier < requests => {
                        console::interject("stopping after the batch in flight; once more cancels it");
                    }
                    false if earlier == requests => {
                        console::interject("cancelling on the server");
                        cancel(&cancellers);
                        thread::spawn(tell_if_without_effect);
                    }
                    true if earlier == 0 => console::interject("stopping"),
                    // Ends the process here and now, so there is nothing to hear back.
                    _ => drop(emulate_default_handler(signal)),
                }
            }
        });
        Ok(interrupt)
    }

    pub fn new_slot(&self) -> SlotId {
        let mut state = self.state();
        state.slots.push(Slot::default());
        SlotId(state.slots.len() - 1)
    }

    /// What a signal may cancel; None between two connections.
    pub fn set_canceller(&self, slot: SlotId, canceller: Option<Canceller>) {
        self.state().slots[slot.0].canceller = canceller;
    }

    /// Without a signal: what a slot's connection is running.
    pub fn cancel(&self, slot: SlotId) {
        let canceller = self.state().slots[slot.0].canceller.clone();
        cancel(&canceller.into_iter().collect::<Vec<_>>());
    }

    /// Returns the signal that has arrived: then the statement is not to begin.
    pub fn set_cancel_at_once(&self, slot: SlotId, cancel_at_once: bool) -> Option<i32> {
        let mut state = self.state();
        state.slots[slot.0].cancel_at_once = cancel_at_once;
        state.signal
    }

    pub fn signal(&self) -> Option<i32> {
        self.state().signal
    }

    /// Sleeps until a signal arrives, or has arrived, and at most for the time.
    pub fn wait(&self, time: Duration) -> Option<i32> {
        let waiting = self.0.arrived.wait_timeout_while(self.state(), time, |state| state.signal.is_none());
        waiting.unwrap_or_else(PoisonError::into_inner).0.signal
    }

    /// In the background, where it is left as soon as a signal arrives.
    pub fn run_interruptible<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, i32> {
        let worker = thread::spawn(work);
        while !worker.is_finished() {
            if let Some(signal) = self.wait(Duration::from_millis(5)) {
                return Err(signal);
            }
        }
        worker.join().map_err(|panic| std::panic::resume_unwind(panic))
    }

    /// The first one decides the exit code.
    fn remember(&self, signal: i32) -> Vec<Canceller> {
        let mut state = self.state();
        state.signal.get_or_insert(signal);
        self.0.arrived.notify_all();
        state.slots.iter().filter_map(|slot| slot.canceller.clone()).collect()
    }

    fn to_cancel_at_once(&self) -> Vec<Canceller> {
        let state = self.state();
        let slots = state.slots.iter().filter(|slot| slot.cancel_at_once);
        slots.filter_map(|slot| slot.canceller.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cancel(cancellers: &[Canceller]) {
    for error in cancellers.iter().filter_map(|canceller| canceller.cancel().err()) {
        console::note(&format!("cannot cancel: {error}"));
    }
}

fn tell_if_without_effect() {
    thread::sleep(NO_EFFECT_AFTER);
    console::interject(
        "the cancel had no effect: a proxy before the server may take none. The batch ends by itself within \
         seconds; once more leaves it to the server",
    );
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
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn a_signal_ends_a_wait_and_what_is_done_in_the_background() {
        let (interrupt, start) = (Interrupt::default(), Instant::now());
        let sender = interrupt.clone();
        thread::spawn(move || sender.remember(SIGTERM));
        assert_eq!(interrupt.wait(HOUR), Some(SIGTERM));
        assert_eq!(interrupt.run_interruptible(|| thread::sleep(HOUR)), Err(SIGTERM));
        interrupt.remember(SIGINT);
        assert_eq!(interrupt.signal(), Some(SIGTERM));
        assert!(start.elapsed() < HOUR);
    }

    #[test]
    fn without_one_the_work_is_done() {
        assert_eq!(Interrupt::default().run_interruptible(|| 7), Ok(7));
        assert_eq!(Interrupt::default().wait(Duration::ZERO), None);
    }
}
