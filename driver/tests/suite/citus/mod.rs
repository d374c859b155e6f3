//! Tables that Citus keeps: on a cluster of three servers, where the server under test has Citus, and on a stand-in for
//! its catalog everywhere.

mod campaign;
mod cluster;
mod concurrent;
mod kinds;
mod nodes;
mod refusals;
mod shards_cluster;
mod shards_refused;
mod shards_run;
mod shards_stand_in;
mod stand_in;
mod way;
