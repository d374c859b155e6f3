//! Which servers to try, in order.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use super::params::Params;
use crate::error::Error;

const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];
const PORT: u16 = 5432;

#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// Where to connect, if not where `host` resolves to.
    pub address: Option<IpAddr>,
    pub port: u16,
}

impl Server {
    pub fn list(params: &Params) -> Result<Vec<Self>, Error> {
        let ports = ports(params)?;
        let hosts = list(params, "host");
        let addresses = list(params, "hostaddr");
        let count = hosts.len().max(addresses.len()).max(1);
        let fits = |length: usize| length <= 1 || length == count;
        if !(fits(hosts.len()) && fits(addresses.len()) && fits(ports.len())) {
            return Err(malformed("host, hostaddr and port are lists of different length"));
        }
        (0..count)
            .map(|i| Self::new(hosts.get(i), addresses.get(i), pick(&ports, i).unwrap_or(PORT)))
            .collect()
    }

    fn new(host: Option<&&str>, address: Option<&&str>, port: u16) -> Result<Self, Error> {
        let ip = |text: &&str| text.parse().map_err(|_| malformed("hostaddr is no IP address"));
        let host = match (host.filter(|host| !host.is_empty()), address) {
            (Some(host), _) if !is_host(host) => return Err(bad_host()),
            (Some(host), _) => host.to_string(),
            (None, Some(address)) => address.to_string(),
            (None, None) => default_host(port),
        };
        Ok(Self { host, address: address.map(ip).transpose()?, port })
    }

    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/') && self.address.is_none()
    }

    /// As one word: `db1:5432`.
    pub fn address(&self) -> String {
        match &self.host {
            _ if self.is_socket() => self.to_string(),
            host if host.contains(':') => format!("[{host}]:{}", self.port),
            host => format!("{host}:{}", self.port),
        }
    }

    /// The names that a password file may know it by.
    pub fn names(&self) -> Vec<&str> {
        let also = self.is_socket().then_some("localhost");
        [self.host.as_str()].into_iter().chain(also).collect()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (&self.address, self.is_socket()) {
            (_, true) => write!(f, "{}/.s.PGSQL.{}", self.host, self.port),
            (Some(address), _) => write!(f, "{} ({address}) port {}", self.host, self.port),
            (None, _) => write!(f, "{} port {}", self.host, self.port),
        }
    }
}

fn default_host(port: u16) -> String {
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    SOCKET_FOLDERS.into_iter().find(has_socket).unwrap_or("localhost").to_owned()
}

/// A folder, an address, or a name. Anything else may be a whole connection string, and is not quoted.
fn is_host(text: &str) -> bool {
    if text.starts_with('/') {
        return !text.contains(|c: char| ";=@?&'\"".contains(c) || c.is_control());
    }
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse::<IpAddr>().is_ok() || text.chars().all(|c| c.is_alphanumeric() || "-._".contains(c))
}

fn list<'a>(params: &'a Params, keyword: &str) -> Vec<&'a str> {
    params.get(keyword).map(|text| text.split(',').collect()).unwrap_or_default()
}

fn ports(params: &Params) -> Result<Vec<u16>, Error> {
    let parse = |text: &str| match text {
        "" => Ok(PORT),
        text => text.parse().ok().filter(|port| *port > 0).ok_or_else(bad_port),
    };
    list(params, "port").into_iter().map(parse).collect()
}

/// One port serves all hosts.
fn pick(ports: &[u16], index: usize) -> Option<u16> {
    ports.get(index).or(ports.first()).copied()
}

fn malformed(what: &str) -> Error {
    Error::ConnectionString(what.to_owned())
}

/// In a URL the "port" may be half a password, so it is not quoted.
fn bad_port() -> Error {
    malformed("the port is not a number from 1 to 65535")
}

fn bad_host() -> Error {
    malformed("a host is no name, no IP address and no folder; its port is a parameter of its own, or PGPORT")
}

#[cfg(test)]
mod tests {
    use super::super::params::parse;
    use super::*;

    fn servers(text: &str) -> Vec<String> {
        let servers = Server::list(&parse(text).unwrap()).unwrap();
        servers.iter().map(Server::to_string).collect()
    }

    #[test]
    fn sockets_names_and_addresses_are_told_apart() {
        assert_eq!(servers("host=/tmp port=1"), ["/tmp/.s.PGSQL.1"]);
        assert_eq!(servers("host=a"), ["a port 5432"]);
        assert_eq!(servers("host=a hostaddr=::1"), ["a (::1) port 5432"]);
    }

    #[test]
    fn an_address_is_one_word() {
        let address = |text: &str| Server::list(&parse(text).unwrap()).unwrap()[0].address();
        let addresses = ["host=db1", "host=::1", "host=a hostaddr=::1 port=7", "host=/tmp"].map(address);
        assert_eq!(addresses, ["db1:5432", "[::1]:5432", "a:7", "/tmp/.s.PGSQL.5432"]);
    }

    #[test]
    fn one_port_serves_all_hosts() {
        assert_eq!(servers("host=a,b port=7"), ["a port 7", "b port 7"]);
        assert_eq!(servers("host=a,b port=7,"), ["a port 7", "b port 5432"]);
    }

    #[test]
    fn lists_must_match_and_ports_be_numbers_that_are_not_quoted() {
        for text in ["host=a,b port=1,2,3", "host=ann port=secret", "port=0"] {
            let error = Server::list(&parse(text).unwrap()).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_and_not_quoted() {
        for host in ["h:secret", "ann:secret@h", "h;secret", "@secret", "/tmp;password=secret"] {
            let params = Params::from([("host".to_owned(), host.to_owned())]);
            let error = Server::list(&params).unwrap_err().to_string();
            assert!(error.starts_with("a host is no name") && !error.contains("secret"), "{error}");
        }
        assert_eq!(servers("postgres://[fe80::1%25eth0]/db"), ["fe80::1%eth0 port 5432"]);
    }
}
