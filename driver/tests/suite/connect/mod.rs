//! How the driver finds its server, logs in and keeps the connection to itself.

mod access;
mod address;
mod mangled;
mod network;
mod password;
mod pooler;
mod tls;
mod unreachable;
