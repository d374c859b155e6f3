//! Parameters made complete with libpq's defaults and turned into the client's configuration.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use postgres::Config;
use postgres::config::{LoadBalanceHosts, SslMode as Wire, SslNegotiation};
use postgres::error::{DbError, SqlState};

use super::attrs::Attrs;
use super::params::Params;
use super::passfile::{self, Login};
use super::server::Server;
use super::sslmode::SslMode;
use super::values::{channel_binding, load_balance, number, ssl_negotiation, timeout};
use super::{Locked, Request, password_command};
use crate::console;
use crate::error::{Error, is_own};

/// The application_name, unless another one is asked for.
pub const NAME: &str = "rotate-driver";

pub struct Settings {
    pub params: Params,
    pub sslmode: SslMode,
    pub timeout: Option<Duration>,
    pub attrs: Attrs,
    pub asks_for_the_role: bool,
    user: String,
    dbname: String,
    base: Config,
    /// What the password command has printed.
    printed: Option<String>,
}

impl Settings {
    pub fn new(params: Params, request: &Request) -> Result<Self, Error> {
        let get = |keyword| params.get(keyword).map(String::as_str);
        let sslmode = SslMode::choose(get("sslmode"), get("sslrootcert"))?;
        let user = match get("user") {
            Some(user) => user.to_owned(),
            None => whoami::username().map_err(|_| no_user())?,
        };
        let dbname = get("dbname").unwrap_or(&user).to_owned();
        let timeout = timeout(&params)?;
        let attrs = Attrs::choose(&params, request.writes)?;
        let asks_for_the_role = request.writes || attrs != Attrs::Any;
        let mut base = base(&params, &user, &dbname, sslmode)?;
        let options = [get("options"), request.options.as_deref()];
        if options.iter().any(Option::is_some) {
            base.options(&options.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
        let command = request.password_command.as_deref();
        let printed =
            command.map(|command| password_command::run(command, password_command::LIMIT)).transpose()?;
        Ok(Self { params, sslmode, timeout, attrs, asks_for_the_role, user, dbname, base, printed })
    }

    /// In the order in which to try them.
    pub fn servers(&self) -> Result<Vec<Server>, Error> {
        let mut servers = Server::list(&self.params)?;
        if load_balance(&self.params)? {
            fastrand::shuffle(&mut servers);
        }
        Ok(servers)
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
        if let Some(password) = self.printed.as_ref().or(self.params.get("password")) {
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

fn base(params: &Params, user: &str, dbname: &str, sslmode: SslMode) -> Result<Config, Error> {
    let mut config = Config::new();
    let negotiation = ssl_negotiation(params)?;
    if negotiation == SslNegotiation::Direct && sslmode < SslMode::Require {
        return Err(Error::Parameter("sslnegotiation direct takes sslmode require or a stronger one".into()));
    }
    let name = params.get("application_name").or(params.get("fallback_application_name"));
    config
        .user(user)
        .dbname(dbname)
        .application_name(name.map_or(NAME, String::as_str))
        .ssl_negotiation(negotiation)
        .channel_binding(channel_binding(params)?);
    if load_balance(params)? {
        config.load_balance_hosts(LoadBalanceHosts::Random);
    }
    keepalives(&mut config, params)?;
    Ok(config)
}

/// Only the extension's own are shown: a trigger's notice may hold anything, a token too.
fn notice(notice: &DbError, locked: &Locked) {
    if *notice.code() == SqlState::LOCK_NOT_AVAILABLE {
        locked.store(true, Ordering::Relaxed);
    }
    if is_own(notice) {
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
