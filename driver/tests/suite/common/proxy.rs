//! A proxy before the server that cuts connections at a chosen statement.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use super::database::Database;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of it.
    BeforeStatement,
    /// The server may still be working on it when the next connection is made.
    AfterStatement,
    /// The server has committed it and the answer is lost.
    BeforeAnswer,
    /// The client gets the beginning of the answer.
    WithinAnswer,
}

/// The code of the protocol's message.
const CANCEL_REQUEST: &[u8] = &80_877_102_u32.to_be_bytes();

/// Whether to cut at this statement.
type Choose = Box<dyn FnMut() -> Option<Cut> + Send>;

pub struct Proxy {
    port: u16,
    plan: Arc<Plan>,
}

struct Plan {
    statement: &'static [u8],
    choose: Mutex<Choose>,
    made: Mutex<Vec<Cut>>,
}

impl Proxy {
    /// Cuts only where the text of the statement occurs.
    pub fn before(
        database: &Database,
        statement: &'static str,
        choose: impl FnMut() -> Option<Cut> + Send + 'static,
    ) -> Self {
        Self::before_bytes(database, statement.as_bytes(), choose)
    }

    /// As some managed servers' proxies do.
    pub fn without_cancels(database: &Database) -> Self {
        Self::before_bytes(database, CANCEL_REQUEST, || Some(Cut::BeforeStatement))
    }

    fn before_bytes(
        database: &Database,
        statement: &'static [u8],
        choose: impl FnMut() -> Option<Cut> + Send + 'static,
    ) -> Self {
        let plan = Plan { statement, choose: Mutex::new(Box::new(choose)), made: Mutex::default() };
        let plan = Arc::new(plan);
        let variable = |name| database.server.variable(name);
        let socket = Path::new(variable("PGHOST")).join(format!(".s.PGSQL.{}", variable("PGPORT")));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        let plan_of_all = Arc::clone(&plan);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Like the server itself where that is down, it says nothing.
                if let Ok(server) = UnixStream::connect(&socket) {
                    connect(client, server, &plan_of_all);
                }
            }
        });
        Self { port, plan }
    }

    pub fn set_variables(&self, command: &mut Command) {
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGSSLMODE", "disable");
    }

    pub fn cuts(&self) -> MutexGuard<'_, Vec<Cut>> {
        self.plan.made.lock().expect("no test has failed")
    }
}

impl Plan {
    fn cut_at(&self, message: &[u8]) -> Option<Cut> {
        if !message.windows(self.statement.len()).any(|part| part == self.statement) {
            return None;
        }
        let cut = (self.choose.lock().expect("no test has failed"))();
        self.made.lock().expect("no test has failed").extend(cut);
        cut
    }
}

/// One thread for each direction. A statement of the driver's fits into one piece.
fn connect(client: TcpStream, server: UnixStream, plan: &Arc<Plan>) {
    let pending = Arc::new(Mutex::new(None));
    let (ends, plan, cut) = (clone(&client, &server), Arc::clone(plan), Arc::clone(&pending));
    thread::spawn(move || {
        let (client, server) = &ends;
        let mut server = server;
        forward(client, |piece| match plan.cut_at(piece) {
            Some(Cut::BeforeStatement) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Cut::AfterStatement) => {
                server.write_all(piece)?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            later => {
                *cut.lock().expect("no test has failed") = later;
                server.write_all(piece)
            }
        });
        close(&ends);
    });
    thread::spawn(move || {
        forward(&server, |piece| match *pending.lock().expect("no test has failed") {
            None => (&client).write_all(piece),
            Some(Cut::WithinAnswer) => {
                (&client).write_all(&piece[..piece.len() / 2])?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Some(_) => Err(io::ErrorKind::ConnectionAborted.into()),
        });
        close(&(client, server));
    });
}

fn clone(client: &TcpStream, server: &UnixStream) -> (TcpStream, UnixStream) {
    (client.try_clone().expect("a handle is free"), server.try_clone().expect("a handle is free"))
}

fn forward(mut from: impl Read, mut to: impl FnMut(&[u8]) -> io::Result<()>) {
    let mut piece = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if to(&piece[..length]).is_err() {
            return;
        }
    }
}

/// The other side may have done so already.
fn close((client, server): &(TcpStream, UnixStream)) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
