//! One server: what to offer it, and for how long to wait for it.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use postgres::config::SslMode as Wire;
use postgres::{Client, Config, NoTls};
use postgres_native_tls::MakeTlsConnector;

use super::attrs::Role;
use super::explain::explain;
use super::server::Server;
use super::settings::Settings;
use super::{Connection, Locked, tls};
use crate::error::Error;

type Opened = Result<(Client, Option<Role>), postgres::Error>;

impl Settings {
    pub fn reach(&self, server: &Server) -> Result<Connection, Error> {
        let offers = if server.is_socket() { &[Wire::Disable] } else { self.sslmode.offers() };
        let mut result = self.attempt(server, offers[0]);
        for offer in &offers[1..] {
            if result.as_ref().is_err_and(Error::is_about_encryption) {
                result = self.attempt(server, *offer);
            }
        }
        result
    }

    fn attempt(&self, server: &Server, offer: Wire) -> Result<Connection, Error> {
        let locked = Locked::default();
        let config = self.config(server, offer, Arc::clone(&locked));
        let tls = match offer {
            Wire::Disable => None,
            _ => Some(tls::connector(&self.params, self.sslmode)?),
        };
        let (connector, asks) = (tls.clone(), self.asks_for_the_role);
        match within(self.timeout, move || connect(&config, connector, asks)) {
            Some(Ok((client, role))) => {
                Ok(Connection { client, server: server.address(), locked, role, tls })
            }
            Some(Err(error)) => Err(explain(error, server)),
            None => Err(Error::Silent(server.to_string())),
        }
    }
}

fn connect(config: &Config, tls: Option<MakeTlsConnector>, asks_for_the_role: bool) -> Opened {
    let mut client = match tls {
        Some(tls) => config.connect(tls)?,
        None => config.connect(NoTls)?,
    };
    let role = asks_for_the_role.then(|| Role::ask(&mut client)).transpose()?;
    Ok((client, role))
}

/// The client's own time limit ends with the TCP handshake; a peer that then says nothing would
/// hold it for ever.
fn within<T: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let Some(limit) = limit else {
        return Some(work());
    };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(limit).ok()
}
