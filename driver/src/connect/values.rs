//! Parameters as typed values; an error names the parameter and what is legal.

use std::str::FromStr;
use std::time::Duration;

use native_tls::Protocol;
use postgres::config::{ChannelBinding, SslNegotiation};

use super::params::Params;
use crate::error::Error;

const TLS: [(&str, Protocol); 4] = [
    ("TLSv1", Protocol::Tlsv10),
    ("TLSv1.1", Protocol::Tlsv11),
    ("TLSv1.2", Protocol::Tlsv12),
    ("TLSv1.3", Protocol::Tlsv13),
];

/// 10 seconds unless given; zero and below wait for ever, as in libpq.
pub fn timeout(params: &Params) -> Result<Option<Duration>, Error> {
    let seconds = number::<i64>(params, "connect_timeout")?.unwrap_or(10);
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map(Duration::from_secs))
}

pub fn channel_binding(params: &Params) -> Result<ChannelBinding, Error> {
    let legal = [
        ("prefer", ChannelBinding::Prefer),
        ("disable", ChannelBinding::Disable),
        ("require", ChannelBinding::Require),
    ];
    one_of(params, "channel_binding", legal)
}

/// Whether hosts and their addresses are tried in random order.
pub fn load_balance(params: &Params) -> Result<bool, Error> {
    one_of(params, "load_balance_hosts", [("disable", false), ("random", true)])
}

pub fn ssl_negotiation(params: &Params) -> Result<SslNegotiation, Error> {
    let legal = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
    one_of(params, "sslnegotiation", legal)
}

/// Whether the name of the server is sent in clear while TLS begins.
pub fn server_name(params: &Params) -> Result<bool, Error> {
    one_of(params, "sslsni", [("1", true), ("0", false)])
}

/// The lowest and the highest version of TLS; libpq's defaults are TLSv1.2 and whatever there is.
pub fn tls_versions(params: &Params) -> Result<(Protocol, Option<Protocol>), Error> {
    let (low, high) = ("ssl_min_protocol_version", "ssl_max_protocol_version");
    let lowest = one_of(params, low, [2, 0, 1, 3].map(|i| (TLS[i].0, i)))?;
    let highest = one_of(params, high, [3, 0, 1, 2].map(|i| (TLS[i].0, i)))?;
    if highest < lowest {
        return Err(Error::Parameter(format!("{high} is below {low}")));
    }
    Ok((TLS[lowest].1, params.get(high).map(|_| TLS[highest].1)))
}

/// The first legal value is the default. What is given instead is not quoted: where a separator is missing,
/// a password follows it.
pub fn one_of<T: Copy, const N: usize>(
    params: &Params,
    keyword: &str,
    legal: [(&str, T); N],
) -> Result<T, Error> {
    let Some(given) = params.get(keyword) else {
        return Ok(legal[0].1);
    };
    let found = legal.iter().find(|(name, _)| name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names = legal.map(|(name, _)| name).join(", ");
        Error::Parameter(format!("{keyword} is none of {names}"))
    })
}

pub fn number<T: FromStr>(params: &Params, keyword: &str) -> Result<Option<T>, Error> {
    let given = params.get(keyword);
    given
        .map(|text| text.trim().parse())
        .transpose()
        .map_err(|_| Error::Parameter(format!("{keyword} is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(keyword: &str, value: &str) -> Params {
        Params::from([(keyword.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_timeout_is_ten_seconds_and_zero_means_none() {
        let seconds = |value| timeout(&params("connect_timeout", value)).unwrap();
        assert_eq!(timeout(&Params::new()).unwrap(), Some(Duration::from_secs(10)));
        assert_eq!(seconds("3"), Some(Duration::from_secs(3)));
        assert_eq!((seconds("0"), seconds("-1")), (None, None));
    }

    #[test]
    fn an_illegal_value_is_told_the_legal_ones() {
        let error = channel_binding(&params("channel_binding", "secret")).unwrap_err();
        assert_eq!(error.to_string(), "channel_binding is none of prefer, disable, require");
        assert!(number::<u32>(&params("keepalives", "on"), "keepalives").is_err());
    }

    #[test]
    fn tls_versions_have_to_leave_room() {
        let versions = |low: &str, high: &str| {
            let [low, high] = [("min", low), ("max", high)]
                .map(|(end, value)| (format!("ssl_{end}_protocol_version"), value.to_owned()));
            tls_versions(&Params::from([low, high])).is_ok()
        };
        assert!(versions("TLSv1.2", "TLSv1.3") && versions("TLSv1.3", "TLSv1.3"));
        assert!(!versions("TLSv1.3", "TLSv1.2") && !versions("SSLv3", "TLSv1.3"));
        let (lowest, highest) = tls_versions(&Params::new()).unwrap();
        assert!(matches!((lowest, highest), (Protocol::Tlsv12, None)));
    }
}
