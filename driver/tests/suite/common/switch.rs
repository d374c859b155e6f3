//! A name behind which the server changes, as in a failover: connections go to one server or another, or are
//! turned away by a pooler that has none.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use super::server::Server;

#[derive(Clone)]
pub enum Way {
    To(PathBuf),
    /// As Supabase's pooler puts it.
    TurnAway,
}

pub struct Switch {
    port: u16,
    way: Arc<Mutex<Way>>,
}

impl Switch {
    pub fn set_to(way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        let way = Arc::new(Mutex::new(way));
        let current = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let way = current.lock().expect("no test has failed").clone();
                thread::spawn(move || match way {
                    Way::To(socket) => connect(client, &socket),
                    Way::TurnAway => turn_away(client),
                });
            }
        });
        Self { port, way }
    }

    /// For connections from now on.
    pub fn turn(&self, way: Way) {
        *self.way.lock().expect("no test has failed") = way;
    }

    pub fn set_variables(&self, command: &mut Command) {
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGSSLMODE", "disable");
    }
}

impl Way {
    pub fn to(server: &Server) -> Self {
        let socket = format!(".s.PGSQL.{}", server.variable("PGPORT"));
        Self::To(Path::new(server.variable("PGHOST")).join(socket))
    }
}

/// A server that is down hangs up.
fn connect(client: TcpStream, socket: &Path) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let (from, mut to) = (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
    thread::spawn(move || {
        let _ = copy(&mut &from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = copy(&mut &server, &mut &client);
    let _ = client.shutdown(Shutdown::Both);
}

fn turn_away(mut client: TcpStream) {
    let fields = b"SFATAL\0VFATAL\0CXX000\0MTenant or user not found\0\0";
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    let _ = client.read(&mut [0; 1024]);
    let _ = client.write_all(&[b"E", &length.to_be_bytes()[..], fields].concat());
}
