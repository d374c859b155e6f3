//! Parameters made complete with libpq's defaults and turned into the client's configuration.

use super::params::Params;
use super::passfile::{self, Login};
use super::server::Server;
use super::sslmode::SslMode;
use crate::error::Error;
use postgres::Config;
use postgres::config::{ChannelBinding, SslMode as Wire, TargetSessionAttrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub struct Settings {
    pub params: Params,
    pub sslmode: SslMode,
    pub timeout: Option<Duration>,
    user: String,
    dbname: String,
    base: Config,
}

impl Settings {
    pub fn new(params: Params) -> Result<Settings, Error> {
        let get = |keyword| params.get(keyword).map(String::as_str);
        let sslmode = SslMode::choose(get("sslmode"), get("sslrootcert"))?;
        let user = match get("user") {
            Some(user) => user.to_owned(),
            None => whoami::username().map_err(|_| no_user())?,
        };
        let dbname = get("dbname").unwrap_or(&user).to_owned();
        let timeout = timeout(&params)?;
        let base = base(&params, &user, &dbname)?;
        Ok(Settings {
            params,
            sslmode,
            timeout,
            user,
            dbname,
            base,
        })
    }

    pub fn config(&self, server: &Server, offer: Wire) -> Config {
        let mut config = self.base.clone();
        config.host(&server.host).port(server.port).ssl_mode(offer);
        if let Some(address) = server.address {
            config.hostaddr(address);
        }
        if let Some(timeout) = self.timeout {
            config.connect_timeout(timeout);
        }
        if let Some(password) = self.password(server) {
            config.password(password);
        }
        config
    }

    fn password(&self, server: &Server) -> Option<String> {
        if let Some(password) = self.params.get("password") {
            return Some(password.clone());
        }
        let file = match self.params.get("passfile") {
            Some(file) => PathBuf::from(file),
            None => std::env::home_dir()?.join(".pgpass"),
        };
        let login = Login {
            hosts: server.names(),
            port: &server.port.to_string(),
            dbname: &self.dbname,
            user: &self.user,
        };
        passfile::lookup(&file, &login)
    }
}

fn no_user() -> Error {
    Error::Parameter("this account has no name: give a user by --url or PGUSER".into())
}

/// 10 seconds unless given; zero and below wait for ever, as in libpq.
fn timeout(params: &Params) -> Result<Option<Duration>, Error> {
    let seconds = number::<i64>(params, "connect_timeout")?.unwrap_or(10);
    Ok(u64::try_from(seconds)
        .ok()
        .filter(|s| *s > 0)
        .map(Duration::from_secs))
}

fn base(params: &Params, user: &str, dbname: &str) -> Result<Config, Error> {
    let mut config = Config::new();
    let name = params
        .get("application_name")
        .or(params.get("fallback_application_name"));
    config
        .user(user)
        .dbname(dbname)
        .application_name(name.map_or("rotate-driver", String::as_str))
        .target_session_attrs(session_attrs(params)?)
        .channel_binding(channel_binding(params)?);
    if let Some(options) = params.get("options") {
        config.options(options);
    }
    keepalives(&mut config, params)?;
    Ok(config)
}

/// A rotation is silent for as long as a batch takes, so idle links are probed after a minute.
fn keepalives(config: &mut Config, params: &Params) -> Result<(), Error> {
    let idle = number(params, "keepalives_idle")?.unwrap_or(60);
    let interval = number(params, "keepalives_interval")?.unwrap_or(10);
    config
        .keepalives(number::<u32>(params, "keepalives")?.unwrap_or(1) != 0)
        .keepalives_idle(Duration::from_secs(idle))
        .keepalives_interval(Duration::from_secs(interval))
        .keepalives_retries(number(params, "keepalives_count")?.unwrap_or(6));
    if let Some(milliseconds) = number(params, "tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds));
    }
    Ok(())
}

fn session_attrs(params: &Params) -> Result<TargetSessionAttrs, Error> {
    let legal = [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
    ];
    one_of(params, "target_session_attrs", legal)
}

fn channel_binding(params: &Params) -> Result<ChannelBinding, Error> {
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

fn number<T: FromStr>(params: &Params, keyword: &str) -> Result<Option<T>, Error> {
    let given = params.get(keyword);
    given
        .map(|text| text.trim().parse())
        .transpose()
        .map_err(|_| Error::Parameter(format!("{keyword} is not a number")))
}
