//! The options that say whether and how shards are rotated on their nodes.

use std::str::FromStr;

use clap::Args;

use crate::connect::Address;

#[derive(Args, Clone, Default)]
pub struct ShardOptions {
    /// Of a table that Citus has distributed, rotate each shard on its node
    ///
    /// Each batch is a transaction of one node, with --workers connections to each. A node that is
    /// away stops its own shards alone.
    #[arg(long)]
    pub shards: bool,

    /// How a node is reached, where not by the name that Citus has: worker-1:5432=127.0.0.1:9701
    ///
    /// May be repeated. User, database and the rest are those of the connection to the coordinator.
    #[arg(long, value_name = "NODE=HOST:PORT", requires = "shards")]
    pub node_map: Vec<NodeMap>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMap {
    node: Address,
    reached: Address,
}

impl FromStr for NodeMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (node, reached) = text.split_once('=').ok_or("it is not NODE=HOST:PORT")?;
        Ok(Self { node: node.parse()?, reached: reached.parse()? })
    }
}

impl ShardOptions {
    pub fn reach(&self, node: &Address) -> Address {
        let mapped = self.node_map.iter().find(|map| map.node == *node);
        mapped.map_or(node, |map| &map.reached).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_not_mapped_is_reached_by_its_name() {
        let node_map = vec!["w-1:5432=[::1]:9701".parse().unwrap()];
        let options = ShardOptions { shards: true, node_map };
        let reached = ["w-1:5432", "w-1:5433"].map(|node| options.reach(&node.parse().unwrap()).to_string());
        assert_eq!(reached, ["::1:9701", "w-1:5433"]);
        assert!("w-1:5432".parse::<NodeMap>().is_err());
    }
}
