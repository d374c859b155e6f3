//! A session that outlives its connections.
//!
//! Whether a batch was committed whose answer was lost needs no guess: the next call goes on from the
//! server's ledger.

use std::io;
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::retry::{Retry, Retrying};
use super::target::Target;
use super::{Scope, Session};
use crate::connect::{self, Address, Connection, Request};
use crate::error::{Error, RetryOn};
use crate::signals::{Interrupt, SlotId};

pub type Tell<'a> = &'a mut dyn FnMut(&Retrying) -> io::Result<()>;

pub struct Link {
    scope: Scope,
    writes: bool,
    /// Settings that its sessions have where the server, or a pooler before it, takes them.
    options: Option<String>,
    retry: Retry,
    interrupt: Interrupt,
    slot: SlotId,
    session: Option<Session>,
    reached: bool,
    /// Whether it has led to a primary that could be written to.
    written: bool,
    /// What the first session found, and every later one must find.
    target: Option<Target>,
}

impl Link {
    /// `writes`: whether it is to lead to a primary where there are several servers.
    pub fn new(scope: &Scope, writes: bool, retry_for: Duration, interrupt: Interrupt) -> Self {
        let (scope, retry, slot) = (scope.clone(), Retry::new(retry_for), interrupt.new_slot());
        let [reached, written] = [false; 2];
        let (options, session, target) = (None, None, None);
        Self { scope, writes, options, retry, interrupt, slot, session, reached, written, target }
    }

    /// Another connection to the same target.
    pub fn sibling(&self) -> Self {
        let mut link = Self::new(&self.scope, self.writes, self.retry.limit(), self.interrupt.clone());
        (link.reached, link.written, link.target) = (self.reached, self.written, self.target.clone());
        link
    }

    /// One to another node of the same cluster, where the table has another number. One that is away at first may come
    /// back.
    pub fn to(&self, node: Address) -> Self {
        let mut link = self.sibling();
        (link.scope.node, link.target) = (Some(node), None);
        link
    }

    /// Another one, whose sessions have these settings.
    pub fn sibling_with(&self, options: Option<String>) -> Self {
        let mut link = self.sibling();
        link.options = options;
        link
    }

    /// Cancels what the link is doing, from another thread.
    pub fn stop(&self) -> impl Fn() + use<> {
        let (interrupt, slot) = (self.interrupt.clone(), self.slot);
        move || interrupt.cancel(slot)
    }

    pub fn interrupted(&self) -> Option<i32> {
        self.interrupt.signal()
    }

    /// Returns early with the signal that has arrived.
    pub fn sleep(&self, time: Duration) -> Option<i32> {
        self.interrupt.wait(time)
    }

    /// From here on the time for retries counts anew.
    pub fn progressed(&mut self) {
        self.retry.progressed();
    }

    /// Once, over a new connection if the last one is gone.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let result = self.session().and_then(work);
        if result.as_ref().is_err_and(|error| self.needs_new_connection(error)) {
            self.session = None;
            self.interrupt.set_canceller(self.slot, None);
        }
        result
    }

    /// As `attempt`, for work of which nothing is lost: a signal cancels it, and keeps it from beginning. It may begin
    /// on a connection that was idle for long; where that has gone meanwhile, on a new one.
    pub fn attempt_cancellable<T>(
        &mut self,
        mut work: impl FnMut(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let signal = self.interrupt.set_cancel_at_once(self.slot, true);
        let was_connected = self.session.is_some();
        let mut result = match signal {
            None => self.attempt(&mut work),
            Some(signal) => Err(Error::Interrupted(signal)),
        };
        if was_connected && self.session.is_none() && self.interrupted().is_none() {
            result = self.attempt(&mut work);
        }
        self.interrupt.set_cancel_at_once(self.slot, false);
        result
    }

    /// Until it is done or there is a reason to stop.
    pub fn persist<T>(
        &mut self,
        tell: Tell,
        mut work: impl FnMut(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        loop {
            match self.attempt(&mut work) {
                Err(error) => self.wait_out(error, None, tell)?,
                done => return done,
            }
        }
    }

    /// Returns when it is time to try again; `batch` is its size if that has changed.
    pub fn wait_out(&mut self, error: Error, batch: Option<i32>, tell: Tell) -> Result<(), Error> {
        if !self.is_transient(&error) {
            return Err(error);
        }
        match self.interrupted() {
            // The user's own order, which the caller tells from a signal between two statements.
            Some(_) if error.is_cancelled_statement() => return Err(error),
            Some(signal) => return Err(Error::Interrupted(signal)),
            None => {}
        }
        if !self.retry.is_allowed() {
            return Err(error);
        }
        let Some(wait) = self.retry.next_wait(Instant::now(), fastrand::f64()) else {
            return Err(Error::GaveUp { tried: self.retry.failing_for(), reason: Box::new(error) });
        };
        tell(&Retrying::new(&error, wait, batch))?;
        self.interrupt.wait(wait).map_or(Ok(()), |signal| Err(Error::Interrupted(signal)))
    }

    fn is_transient(&self, error: &Error) -> bool {
        if !self.reached {
            return error.is_server_busy();
        }
        error.retry_on().is_some() || error.is_cancelled_statement() || self.needs_new_connection(error)
    }

    fn needs_new_connection(&self, error: &Error) -> bool {
        error.retry_on() == Some(RetryOn::NewConnection) || self.written && error.is_read_only()
    }

    fn session(&mut self) -> Result<&mut Session, Error> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.open()?,
        };
        Ok(self.session.insert(session))
    }

    fn open(&mut self) -> Result<Session, Error> {
        let connection = self.connect()?;
        self.reached = true;
        self.written |= connection.is_writable();
        self.interrupt.set_canceller(self.slot, Some(connection.canceller()));
        let session = Session::open(connection, &self.scope)?;
        match &self.target {
            Some(before) => session.target().expect(before)?,
            None => self.target = Some(session.target().clone()),
        }
        Ok(session)
    }

    /// A server that does not answer must not keep a signal waiting.
    fn connect(&self) -> Result<Connection, Error> {
        let connected = self.connect_with(self.options.clone());
        let refused = |error: &Error| error.code() == Some(&SqlState::PROTOCOL_VIOLATION);
        if self.options.is_some() && connected.as_ref().is_err_and(refused) {
            // PgBouncer takes few settings at the start of a session, or none.
            return self.connect_with(None);
        }
        connected
    }

    fn connect_with(&self, options: Option<String>) -> Result<Connection, Error> {
        let request = Request { options, ..self.scope.request(self.writes) };
        self.interrupt.run_interruptible(move || connect::open(&request)).map_err(Error::Interrupted)?
    }
}

/// A signal has nothing to cancel on a connection that is gone.
impl Drop for Link {
    fn drop(&mut self) {
        self.interrupt.set_canceller(self.slot, None);
    }
}
