//! What libpq offers to protect a connection and the libraries here cannot do. Who asks for it relies on it,
//! so it is refused, never dropped in silence.

use super::known::variable_of;
use super::params::Params;
use crate::error::Error;

struct Protection {
    keyword: &'static str,
    /// The values that ask for nothing.
    harmless: &'static [&'static str],
    instead: &'static str,
}

const PROTECTIONS: [Protection; 8] = [
    Protection {
        keyword: "require_auth",
        harmless: &[],
        instead: "channel_binding=require accepts SCRAM over TLS only; otherwise leave it out.",
    },
    Protection {
        keyword: "requirepeer",
        harmless: &[],
        instead: "Leave it out where only the server's user can write to the socket's folder, \
                  or connect over TCP with sslmode=verify-full.",
    },
    Protection {
        keyword: "requiressl",
        harmless: &["0"],
        instead: "Write sslmode=require, which asks for the same.",
    },
    Protection {
        keyword: "sslcrl",
        harmless: &[],
        instead: "Leave it out where revoked certificates are no concern; revocation lists are not read.",
    },
    Protection {
        keyword: "sslcrldir",
        harmless: &[],
        instead: "Leave it out where revoked certificates are no concern; revocation lists are not read.",
    },
    Protection {
        keyword: "sslcertmode",
        harmless: &["allow", "disable"],
        instead: "Write sslcertmode=allow; sslmode=verify-full makes sure of the server.",
    },
    Protection {
        keyword: "gssencmode",
        harmless: &["disable", "prefer"],
        instead: "Write gssencmode=disable, and sslmode=verify-full for an encrypted connection.",
    },
    Protection {
        keyword: "min_protocol_version",
        harmless: &["3.0"],
        instead: "Leave it out: version 3.0 of the protocol is spoken here.",
    },
];

pub fn check(params: &Params) -> Result<(), Error> {
    PROTECTIONS.iter().try_for_each(|protection| protection.check(params))
}

impl Protection {
    fn check(&self, params: &Params) -> Result<(), Error> {
        let asked = params.get(self.keyword).is_some_and(|value| !self.harmless.contains(&value.as_str()));
        if !asked {
            return Ok(());
        }
        let (keyword, variable) = (self.keyword, variable_of(self.keyword));
        let what = format!("{keyword} ({variable}) asks for a protection that cannot be given here");
        Err(Error::Refused { what, instead: self.instead })
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::gather;
    use super::*;

    #[test]
    fn each_is_refused_from_the_string_and_from_the_environment() {
        for Protection { keyword, .. } in PROTECTIONS {
            let variable = variable_of(keyword);
            let by_string = gather(Some(&format!("{keyword}=secret")), |_| None);
            let by_variable = gather(None, |name| (name == variable).then(|| "secret".to_owned()));
            for error in [by_string, by_variable].map(Result::unwrap_err) {
                let error = error.to_string();
                assert!(error.contains(keyword) && error.contains(variable), "{error}");
                assert!(variable.starts_with("PG") && !error.contains("secret"), "{error}");
            }
        }
    }

    #[test]
    fn values_that_ask_for_nothing_are_fine() {
        for text in ["gssencmode=prefer", "sslcertmode=allow sslcrl=''", "requiressl=0", "require_auth=''"] {
            assert!(gather(Some(text), |_| None).is_ok(), "{text}");
        }
    }
}
