//! Why a connection was not made. The client tells its kinds of failure apart by their text only.

use std::error::Error as _;
use std::io;

use postgres::error::SqlState;

use super::server::Server;
use crate::error::Error;

pub fn explain(error: postgres::Error, server: &Server) -> Error {
    match error.code() {
        // PostgreSQL itself does not end a login so, but poolers do where they have no server at hand.
        Some(&SqlState::INTERNAL_ERROR) => return Error::TurnedAway(error),
        Some(_) => return Error::Server(error),
        None => {}
    }
    let server = server.to_string();
    let cut_off = is_cut_off(&error);
    let kind = error.to_string();
    let reason = error.into_source().map_or(kind.clone(), |source| source.to_string());
    match (kind.as_str(), reason.as_str()) {
        ("error connecting to server", _) => Error::Unreachable { server, reason },
        ("error performing TLS handshake", _) => Error::Tls { server, reason, cut_off },
        ("invalid configuration", "password missing") => Error::PasswordMissing(server),
        ("authentication error" | "invalid configuration", _) => Error::Login { server, reason },
        _ => Error::NotPostgres { server, reason },
    }
}

/// A broken connection lies under the failure, however deep.
fn is_cut_off(error: &postgres::Error) -> bool {
    let first = error.source();
    let mut causes = std::iter::successors(first, |cause| (*cause).source());
    causes.any(|cause| cause.is::<io::Error>())
}

impl Error {
    /// Whether the other choice of encryption may help: pg_hba.conf may ask for one of the two.
    pub(super) fn is_about_encryption(&self) -> bool {
        let refused = self.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        refused || matches!(self, Self::Tls { .. })
    }
}
