//! Random bytes for new tokens, from the operating system's random number generator.

use std::cell::RefCell;

use pgrx::datum::Uuid;

use crate::error::TicketError;

/// Entropy is read in blocks of a page: one system call for 256 UUIDs.
const BLOCK_BYTES: usize = 4096;

thread_local! {
    static ENTROPY: RefCell<Entropy> = const { RefCell::new(Entropy::EMPTY) };
}

/// Random bytes that belong to one process. A backend inherits the memory of the postmaster, which may have
/// filled a block of its own when the library is preloaded; no two processes may hand out the same bytes.
struct Entropy {
    owner: i32,
    used: usize,
    block: [u8; BLOCK_BYTES],
}

impl Entropy {
    const EMPTY: Self = Self { owner: 0, used: BLOCK_BYTES, block: [0; BLOCK_BYTES] };

    fn take<const N: usize>(&mut self, process: i32) -> Result<[u8; N], getrandom::Error> {
        if self.owner != process || self.used + N > BLOCK_BYTES {
            getrandom::fill(&mut self.block)?;
            self.owner = process;
            self.used = 0;
        }
        let mut bytes = [0; N];
        let taken = &mut self.block[self.used..self.used + N];
        bytes.copy_from_slice(taken);
        taken.fill(0);
        self.used += N;
        Ok(bytes)
    }
}

pub fn random<const N: usize>() -> Result<[u8; N], TicketError> {
    Ok(ENTROPY.with_borrow_mut(|entropy| entropy.take(process()))?)
}

#[cfg(not(test))]
fn process() -> i32 {
    // SAFETY: set once at the start of the process, before any of its code can call this.
    unsafe { pgrx::pg_sys::MyProcPid }
}

/// Unit tests run in no server.
#[cfg(test)]
fn process() -> i32 {
    std::process::id() as i32
}

/// A version 4 UUID.
pub fn new() -> Result<uuid::Uuid, TicketError> {
    Ok(version_4(random()?))
}

pub fn version_4(random: [u8; 16]) -> uuid::Uuid {
    uuid::Builder::from_random_bytes(random).into_uuid()
}

/// As the server stores it.
pub fn uuid(token: uuid::Uuid) -> Uuid {
    Uuid::from_bytes(token.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_inherits_a_block_does_not_use_it() {
        let mut parent = Entropy::EMPTY;
        parent.take::<16>(1).unwrap();
        let inherit = || Entropy { owner: parent.owner, used: parent.used, block: parent.block };
        let (mut first, mut second) = (inherit(), inherit());
        assert_ne!(first.take::<16>(2), second.take(3));
        assert_eq!(
            inherit().take::<16>(1),
            inherit().take(1),
            "the same process would go on with the same bytes"
        );
    }
}
