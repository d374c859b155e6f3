//! The TLS connector, from the parameters whose names begin with ssl.

use std::fs;
use std::path::{Path, PathBuf};

use native_tls::{Certificate, Identity, TlsConnector, TlsConnectorBuilder};
use postgres::config::SslNegotiation;
use postgres_native_tls::{MakeTlsConnector, set_postgresql_alpn};

use super::client_key;
use super::params::Params;
use super::sslmode::SslMode;
use super::values::{server_name, ssl_negotiation, tls_versions};
use crate::error::Error;

pub fn connector(params: &Params, mode: SslMode) -> Result<MakeTlsConnector, Error> {
    let mut builder = TlsConnector::builder();
    trust(&mut builder, params, mode)?;
    let (lowest, highest) = tls_versions(params)?;
    builder.min_protocol_version(Some(lowest)).max_protocol_version(highest);
    builder.use_sni(server_name(params)?);
    if ssl_negotiation(params)? == SslNegotiation::Direct {
        set_postgresql_alpn(&mut builder);
    }
    if let Some(identity) = identity(params)? {
        builder.identity(identity);
    }
    let connector =
        builder.build().map_err(|error| Error::Parameter(format!("TLS cannot be set up: {error}")))?;
    Ok(MakeTlsConnector::new(connector))
}

fn trust(builder: &mut TlsConnectorBuilder, params: &Params, mode: SslMode) -> Result<(), Error> {
    let system = params.get("sslrootcert").is_some_and(|file| file == "system");
    let root = if system { None } else { file(params, "sslrootcert", "root.crt") };
    if let Some(file) = &root {
        builder.disable_built_in_roots(true);
        for certificate in Certificate::stack_from_pem(&read(file)?).map_err(unusable(file))? {
            builder.add_root_certificate(certificate);
        }
        refuse_revocations()?;
    } else if mode >= SslMode::VerifyCa && !system {
        return Err(Error::Parameter(
            "sslmode verify-ca and verify-full need sslrootcert (a file, or \"system\")".into(),
        ));
    }
    // A root certificate makes the weaker modes verify too, as in libpq.
    builder.danger_accept_invalid_certs(root.is_none() && !system);
    builder.danger_accept_invalid_hostnames(mode != SslMode::VerifyFull);
    Ok(())
}

/// libpq reads this list without being asked.
fn refuse_revocations() -> Result<(), Error> {
    match default_file("root.crl") {
        None => Ok(()),
        Some(file) => Err(Error::Refused {
            what: format!("\"{}\" is there, and revocation lists are not read", file.display()),
            instead: "Move it away where revoked certificates are no concern.",
        }),
    }
}

/// None: there is no certificate, or it is not to be shown.
fn identity(params: &Params) -> Result<Option<Identity>, Error> {
    let hidden = params.get("sslcertmode").is_some_and(|mode| mode == "disable");
    let key = file(params, "sslkey", "postgresql.key");
    match (file(params, "sslcert", "postgresql.crt"), key) {
        _ if hidden => Ok(None),
        (Some(certificate), Some(key)) => {
            let password = params.get("sslpassword").map(String::as_str);
            let key = client_key::read(&key, password)?;
            Identity::from_pkcs8(&read(&certificate)?, &key).map(Some).map_err(unusable(&certificate))
        }
        (Some(_), None) => {
            Err(incomplete("sslcert is there, and its key is not", "Give sslkey, or PGSSLKEY."))
        }
        (None, Some(_)) if params.contains_key("sslkey") => {
            Err(incomplete("sslkey is given, and its certificate is not", "Give sslcert, or PGSSLCERT."))
        }
        (None, _) => Ok(None),
    }
}

fn incomplete(what: &str, instead: &'static str) -> Error {
    Error::Refused { what: what.to_owned(), instead }
}

/// The file that the parameter names, else libpq's default where that exists.
fn file(params: &Params, keyword: &str, default: &str) -> Option<PathBuf> {
    params.get(keyword).map(PathBuf::from).or_else(|| default_file(default))
}

fn default_file(name: &str) -> Option<PathBuf> {
    let file = std::env::home_dir()?.join(".postgresql").join(name);
    file.exists().then_some(file)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(unusable(file))
}

fn unusable<E: std::fmt::Display>(file: &Path) -> impl Fn(E) -> Error {
    move |error| Error::Parameter(format!("cannot use \"{}\": {error}", file.display()))
}
