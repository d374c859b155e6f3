//! Connects as psql does: `--url`, else DATABASE_URL, else `PG*` variables, else defaults.

mod keywords;
mod params;
mod passfile;
mod server;
mod settings;
mod sslmode;
mod tls;
mod url;
mod values;

use crate::error::Error;
use postgres::config::SslMode as Wire;
use postgres::error::SqlState;
use postgres::{CancelToken, Client, Config, NoTls};
use postgres_native_tls::MakeTlsConnector;
use server::Server;
pub use settings::NAME;
use settings::Settings;
use std::error::Error as _;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

pub struct Connection {
    pub client: Client,
    pub locked: Locked,
    tls: Option<MakeTlsConnector>,
}

/// Whether the server has warned that a lock was not free, as a VACUUM that skips a table does.
pub type Locked = Arc<AtomicBool>;

/// Cancels on the server whatever the connection is running, from any thread.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: Option<MakeTlsConnector>,
}

impl Connection {
    pub fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), tls: self.tls.clone() }
    }
}

impl Canceller {
    pub fn cancel(&self) -> Result<(), postgres::Error> {
        match self.tls.clone() {
            Some(tls) => self.token.cancel_query(tls),
            None => self.token.cancel_query(NoTls),
        }
    }
}

/// Tries the servers in their order; the last one's error is the one to report.
pub fn open(url: Option<&str>) -> Result<Connection, Error> {
    let settings = Settings::new(params::gather(url, |name| std::env::var(name).ok())?)?;
    let mut servers = Server::list(&settings.params)?.into_iter();
    let mut result = Err(Error::ConnectionString("there is no host to try".into()));
    while let (Err(_), Some(server)) = (&result, servers.next()) {
        result = settings.reach(&server);
    }
    result
}

/// The connection string without its password.
pub fn redact(url: &str) -> Result<String, Error> {
    Ok(keywords::without_password(&params::parse(url)?))
}

impl Settings {
    fn reach(&self, server: &Server) -> Result<Connection, Error> {
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
        let connector = tls.clone();
        match within(self.timeout, move || connect(&config, connector)) {
            Some(Ok(client)) => Ok(Connection { client, locked, tls }),
            Some(Err(error)) => Err(explain(error, server)),
            None => Err(Error::Silent(server.to_string())),
        }
    }
}

fn connect(config: &Config, tls: Option<MakeTlsConnector>) -> Result<Client, postgres::Error> {
    match tls {
        Some(tls) => config.connect(tls),
        None => config.connect(NoTls),
    }
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

/// The client tells its kinds of failure apart by their text only.
fn explain(error: postgres::Error, server: &Server) -> Error {
    if error.code().is_some() {
        return Error::Server(error);
    }
    let server = server.to_string();
    let cut_off = is_cut_off(&error);
    let kind = error.to_string();
    let reason = error.into_source().map_or(kind.clone(), |source| source.to_string());
    match (kind.as_str(), reason.as_str()) {
        ("error connecting to server", _) => Error::Unreachable { server, reason },
        ("error performing TLS handshake", _) => Error::Tls { server, reason, cut_off },
        ("invalid configuration", "password missing") => Error::PasswordMissing(server),
        ("authentication error" | "invalid configuration", _) => Error::Login { server, reason },
        _ => Error::NotPostgres { server, reason },
    }
}

/// A broken connection lies under the failure, however deep.
fn is_cut_off(error: &postgres::Error) -> bool {
    let first = error.source();
    let mut causes = std::iter::successors(first, |cause| (*cause).source());
    causes.any(|cause| cause.is::<io::Error>())
}

impl Error {
    /// Whether the other choice of encryption may help: pg_hba.conf may ask for one of the two.
    fn is_about_encryption(&self) -> bool {
        let refused = self.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        refused || matches!(self, Error::Tls { .. })
    }
}
