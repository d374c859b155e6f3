//! Tables that Citus has distributed.

mod shards_campaign;
mod shards_cluster;
mod shards_refused;
mod shards_run;
mod shards_stand_in;
