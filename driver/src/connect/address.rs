//! A host and a port, as `worker-1:5432`.

use std::fmt;
use std::str::FromStr;

use super::params::Params;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// In parameters that lead elsewhere.
    pub fn replace(&self, params: &mut Params) {
        params.remove("hostaddr");
        params.insert("host".to_owned(), self.host.clone());
        params.insert("port".to_owned(), self.port.to_string());
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match port.parse() {
            Ok(port) if !host.is_empty() && port > 0 => Ok(Self { host: host.to_owned(), port }),
            _ => Err(format!("{text} is no host with a port, as worker-1:5432")),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_a_name_a_socket_or_ipv6() {
        for (text, host) in [("w-1:5432", "w-1"), ("/tmp/a:1", "/tmp/a"), ("[::1]:65535", "::1")] {
            assert_eq!(text.parse::<Address>().unwrap().host, host);
        }
        for text in ["", "w-1", ":5432", "w-1:", "w-1:0", "w-1:65536", "w-1:port"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_replaces_every_address_of_the_parameters() {
        let mut params: Params = [("host", "a,b"), ("hostaddr", "::1,::2"), ("port", "1,2"), ("user", "ann")]
            .map(|(keyword, value)| (keyword.to_owned(), value.to_owned()))
            .into();
        "w:5".parse::<Address>().unwrap().replace(&mut params);
        let found: Vec<(&str, &str)> = params.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(found, [("host", "w"), ("port", "5"), ("user", "ann")]);
    }
}
