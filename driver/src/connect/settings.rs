//! Parameters made complete with libpq's defaults and turned into the client's configuration.

use super::Locked;
use super::params::Params;
use super::passfile::{self, Login};
use super::server::Server;
use super::sslmode::SslMode;
use super::values::{channel_binding, number, session_attrs, timeout};
use crate::console;
use crate::error::Error;
use postgres::Config;
use postgres::config::SslMode as Wire;
use postgres::error::{DbError, SqlState};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The application_name, unless another one is asked for.
pub const NAME: &str = "rotate-driver";

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
        Ok(Settings { params, sslmode, timeout, user, dbname, base })
    }

    pub fn config(&self, server: &Server, offer: Wire, locked: Locked) -> Config {
        let mut config = self.base.clone();
        config.notice_callback(move |said| notice(&said, &locked));
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

fn base(params: &Params, user: &str, dbname: &str) -> Result<Config, Error> {
    let mut config = Config::new();
    let name = params.get("application_name").or(params.get("fallback_application_name"));
    config
        .user(user)
        .dbname(dbname)
        .application_name(name.map_or(NAME, String::as_str))
        .target_session_attrs(session_attrs(params)?)
        .channel_binding(channel_binding(params)?);
    if let Some(options) = params.get("options") {
        config.options(options);
    }
    keepalives(&mut config, params)?;
    Ok(config)
}

/// Only the extension's own are shown: a trigger's notice may hold anything, a token too.
fn notice(notice: &DbError, locked: &Locked) {
    if *notice.code() == SqlState::LOCK_NOT_AVAILABLE {
        locked.store(true, Ordering::Relaxed);
    }
    if notice.routine().is_some_and(|routine| routine.starts_with("ticket_ext::")) {
        console::interject(&format!("{}: {}", notice.severity(), notice.message()));
    }
}

/// A rotation is silent for as long as a batch takes. A server that vanished is noticed within a minute: an
/// idle link is probed after 30 seconds, and data that stays unacknowledged for 60 breaks it.
fn keepalives(config: &mut Config, params: &Params) -> Result<(), Error> {
    let idle = number(params, "keepalives_idle")?.unwrap_or(30);
    let interval = number(params, "keepalives_interval")?.unwrap_or(10);
    let unacknowledged = number(params, "tcp_user_timeout")?.unwrap_or(60_000);
    config
        .keepalives(number::<u32>(params, "keepalives")?.unwrap_or(1) != 0)
        .keepalives_idle(Duration::from_secs(idle))
        .keepalives_interval(Duration::from_secs(interval))
        .keepalives_retries(number(params, "keepalives_count")?.unwrap_or(3))
        .tcp_user_timeout(Duration::from_millis(unacknowledged));
    Ok(())
}
