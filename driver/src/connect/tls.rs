//! The TLS connector, from sslmode, sslrootcert, sslcert and sslkey.

use super::params::Params;
use super::sslmode::SslMode;
use crate::error::Error;
use native_tls::{Certificate, Identity, TlsConnector};
use postgres_native_tls::MakeTlsConnector;
use std::fs;
use std::path::{Path, PathBuf};

pub fn connector(params: &Params, mode: SslMode) -> Result<MakeTlsConnector, Error> {
    let mut builder = TlsConnector::builder();
    let system = params.get("sslrootcert").is_some_and(|file| file == "system");
    let root = if system { None } else { file(params, "sslrootcert", "root.crt") };
    if let Some(file) = &root {
        builder.disable_built_in_roots(true);
        for certificate in Certificate::stack_from_pem(&read(file)?).map_err(unusable(file))? {
            builder.add_root_certificate(certificate);
        }
    } else if mode >= SslMode::VerifyCa && !system {
        return Err(Error::Parameter(
            "sslmode verify-ca and verify-full need sslrootcert (a file, or \"system\")".into(),
        ));
    }
    // A root certificate makes the weaker modes verify too, as in libpq.
    builder.danger_accept_invalid_certs(root.is_none() && !system);
    builder.danger_accept_invalid_hostnames(mode != SslMode::VerifyFull);
    if let Some(identity) = identity(params)? {
        builder.identity(identity);
    }
    let connector =
        builder.build().map_err(|error| Error::Parameter(format!("TLS cannot be set up: {error}")))?;
    Ok(MakeTlsConnector::new(connector))
}

fn identity(params: &Params) -> Result<Option<Identity>, Error> {
    let certificate = file(params, "sslcert", "postgresql.crt");
    let key = file(params, "sslkey", "postgresql.key");
    let (Some(certificate), Some(key)) = (certificate, key) else {
        return Ok(None);
    };
    Identity::from_pkcs8(&read(&certificate)?, &read(&key)?).map(Some).map_err(unusable(&key))
}

/// The file that the parameter names, else libpq's default in `~/.postgresql` where that exists.
fn file(params: &Params, keyword: &str, default: &str) -> Option<PathBuf> {
    if let Some(named) = params.get(keyword) {
        return Some(named.into());
    }
    let default = std::env::home_dir()?.join(".postgresql").join(default);
    default.exists().then_some(default)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(unusable(file))
}

fn unusable<E: std::fmt::Display>(file: &Path) -> impl Fn(E) -> Error {
    move |error| Error::Parameter(format!("cannot use \"{}\": {error}", file.display()))
}
