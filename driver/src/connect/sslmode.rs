//! What each sslmode promises, as libpq defines it.

use postgres::config::SslMode as Wire;

use crate::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

const NAMES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// Node's word.
const NO_VERIFY: &str = "no-verify";
const REQUIRE: &str =
    "Write sslmode=require: encrypted, whoever the server is; or verify-full with sslrootcert.";

/// What the parameter `ssl` of frameworks says as a sslmode. They also take the modes themselves.
pub fn of_flag(ssl: &str) -> &str {
    match ssl.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => "require",
        "0" | "false" | "off" | "no" => "disable",
        _ => ssl,
    }
}

/// The name of the stronger one of two modes.
pub fn stronger(name: &str, other: Option<&String>) -> Result<&'static str, Error> {
    let mode = SslMode::parse(name)?;
    let other = other.map_or(Ok(mode), |other| SslMode::parse(other))?;
    Ok(NAMES.iter().find(|(_, known)| *known == mode.max(other)).map_or("require", |(name, _)| name))
}

impl SslMode {
    /// `sslrootcert=system` trusts every public CA, so it makes sense with verify-full only.
    pub fn choose(name: Option<&str>, rootcert: Option<&str>) -> Result<Self, Error> {
        let system = rootcert == Some("system");
        match (name, system) {
            (None, true) => Ok(Self::VerifyFull),
            (None, false) => Ok(Self::Prefer),
            (Some(name), _) => match Self::parse(name)? {
                mode if system && mode != Self::VerifyFull => Err(Error::Parameter(format!(
                    "sslmode {name} is too weak for sslrootcert=system: use verify-full"
                ))),
                mode => Ok(mode),
            },
        }
    }

    fn parse(name: &str) -> Result<Self, Error> {
        if name == NO_VERIFY {
            return Err(Error::Refused {
                what: format!("sslmode {NO_VERIFY} is no mode of libpq"),
                instead: REQUIRE,
            });
        }
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            let legal = NAMES.map(|(name, _)| name).join(", ");
            Error::Parameter(format!("sslmode is none of {legal}"))
        })
    }

    /// What to offer a TCP server, in this order, until it accepts one.
    pub fn offers(self) -> &'static [Wire] {
        match self {
            Self::Disable => &[Wire::Disable],
            Self::Allow => &[Wire::Disable, Wire::Require],
            Self::Prefer => &[Wire::Prefer, Wire::Disable],
            _ => &[Wire::Require],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefer_is_the_default_and_system_roots_mean_verify_full() {
        assert_eq!(SslMode::choose(None, None).unwrap(), SslMode::Prefer);
        let system = Some("system");
        assert_eq!(SslMode::choose(None, system).unwrap(), SslMode::VerifyFull);
        assert!(SslMode::choose(Some("require"), system).is_err());
    }

    #[test]
    fn an_unknown_mode_is_told_the_legal_ones() {
        let error = SslMode::choose(Some("on"), None).unwrap_err().to_string();
        assert!(NAMES.iter().all(|(name, _)| error.contains(name)), "{error}");
        let node = SslMode::choose(Some("no-verify"), None).unwrap_err();
        assert!(node.hint().unwrap().starts_with("Write sslmode=require"));
    }

    #[test]
    fn only_allow_and_prefer_have_a_second_offer() {
        for (name, mode) in NAMES {
            let expected = if ["allow", "prefer"].contains(&name) { 2 } else { 1 };
            assert_eq!(mode.offers().len(), expected, "{name}");
        }
    }
}
