//! Tables that Citus keeps: on a cluster of three servers, where the server under test has Citus, and on a stand-in for
//! its catalog everywhere.

mod cluster;
mod concurrent;
mod kinds;
mod nodes;
mod refusals;
mod stand_in;
