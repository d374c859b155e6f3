//! Connects as psql does: `--url`, else DATABASE_URL, else `PG*` variables, else defaults.

mod address;
mod attrs;
mod client_key;
mod explain;
mod foreign;
mod keywords;
mod known;
#[cfg(test)]
mod mangled;
#[cfg(test)]
#[path = "../../tests/suite/common/mangler.rs"]
mod mangler;
mod misplaced;
mod overridden;
mod params;
mod passfile;
mod password_command;
mod protections;
mod reach;
mod server;
mod settings;
mod sslmode;
mod tls;
mod url;
mod values;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use postgres::{CancelToken, Client, NoTls};
use postgres_native_tls::MakeTlsConnector;

use crate::error::Error;
use attrs::Role;
use server::Server;
use settings::Settings;

pub use address::Address;
pub use misplaced::is_connection_string;
pub use overridden::overridden;
pub use settings::NAME;

/// Where to connect, and what for.
#[derive(Clone)]
pub struct Request {
    pub url: Option<String>,
    /// Prints the password.
    pub password_command: Option<String>,
    /// The server, whatever the connection string says of it.
    pub node: Option<Address>,
    /// Of several servers, a command that writes takes a primary.
    pub writes: bool,
    /// Settings of the session, as PGOPTIONS has them, besides those that are asked for there.
    pub options: Option<String>,
}

pub struct Connection {
    pub client: Client,
    /// Its address, for people.
    pub server: String,
    pub locked: Locked,
    /// None: nobody has asked.
    role: Option<Role>,
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

    /// Whether it is known to be one to a primary that lets it write.
    pub fn is_writable(&self) -> bool {
        self.role.is_some_and(Role::is_writable)
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

/// Tries the servers in their order until one suits; the last one's error is the one to report.
pub fn open(request: &Request) -> Result<Connection, Error> {
    let mut params = params::gather(request.url.as_deref(), variable)?;
    request.node.iter().for_each(|node| node.replace(&mut params));
    let settings = Settings::new(params, request)?;
    let mut second_best = None;
    let mut failure = Error::ConnectionString("there is no host to try".into());
    for server in settings.servers()? {
        match settings.reach(&server) {
            Ok(connection) if connection.role.is_none_or(|role| settings.attrs.suit(role)) => {
                return Ok(connection);
            }
            Ok(connection) if settings.attrs.are_a_preference() => {
                second_best.get_or_insert(connection);
            }
            Ok(_) => {
                failure = Error::Unsuitable { server: server.to_string(), wanted: settings.attrs.name() }
            }
            Err(error) => failure = error,
        }
    }
    second_best.ok_or(failure)
}

/// The connection string without its password.
pub fn redact(url: &str) -> Result<String, Error> {
    let params = params::gather(Some(url), |_| None)?;
    Server::list(&params)?;
    Ok(keywords::without_password(&params))
}

/// What is no UTF-8 is not taken for missing: it may ask for a protection.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
