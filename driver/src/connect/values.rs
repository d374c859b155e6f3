//! Parameters as typed values; an error names the parameter and what is legal.

use super::params::Params;
use crate::error::Error;
use postgres::config::{ChannelBinding, TargetSessionAttrs};
use std::str::FromStr;
use std::time::Duration;

/// 10 seconds unless given; zero and below wait for ever, as in libpq.
pub fn timeout(params: &Params) -> Result<Option<Duration>, Error> {
    let seconds = number::<i64>(params, "connect_timeout")?.unwrap_or(10);
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map(Duration::from_secs))
}

pub fn session_attrs(params: &Params) -> Result<TargetSessionAttrs, Error> {
    let legal = [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
    ];
    one_of(params, "target_session_attrs", legal)
}

pub fn channel_binding(params: &Params) -> Result<ChannelBinding, Error> {
    let legal = [
        ("prefer", ChannelBinding::Prefer),
        ("disable", ChannelBinding::Disable),
        ("require", ChannelBinding::Require),
    ];
    one_of(params, "channel_binding", legal)
}

/// The first legal value is the default.
fn one_of<T: Copy>(params: &Params, keyword: &str, legal: [(&str, T); 3]) -> Result<T, Error> {
    let Some(given) = params.get(keyword) else {
        return Ok(legal[0].1);
    };
    let found = legal.iter().find(|(name, _)| name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names = legal.map(|(name, _)| name).join(", ");
        Error::Parameter(format!("{keyword} \"{given}\" is none of {names}"))
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
        let error = session_attrs(&params("target_session_attrs", "primary")).unwrap_err();
        assert!(error.to_string().ends_with("is none of any, read-write, read-only"));
        assert!(number::<u32>(&params("keepalives", "on"), "keepalives").is_err());
    }
}
