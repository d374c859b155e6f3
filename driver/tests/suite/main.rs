//! Real processes against a real server, a private one that ends with the tests.

mod database;
mod in_flight;
mod regress;
mod server;
