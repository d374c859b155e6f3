//! How the driver finds its server, logs in and keeps the connection to itself.

mod access;
mod address;
mod failover;
mod mangled;
mod network;
mod password;
mod pooler;
mod tls;
mod unreachable;
