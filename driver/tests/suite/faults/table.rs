//! The table of a campaign, with its audit and what the faults need.

use super::ids::WIDE_GAP;
use super::waiting::REST;
use crate::common::{Database, Edition, oracle};

const PARTITIONS: &str = "
    CREATE TABLE ticket_low PARTITION OF ticket FOR VALUES FROM (MINVALUE) TO ({middle});
    CREATE TABLE ticket_high PARTITION OF ticket FOR VALUES FROM ({middle}) TO (MAXVALUE);";

/// An owner who is no superuser, so that row security can be switched on for whoever rotates.
const KEEPER: &str = "
    CREATE ROLE {keeper}; ALTER TABLE ticket OWNER TO {keeper}; ALTER TABLE decoy OWNER TO {keeper}";

/// The audit is by statement, so that batches are as in a table without triggers.
pub fn prepare(database: &Database, tickets: u64, is_partitioned: bool) {
    let [partitioned, partitions, unique] =
        if is_partitioned { ["PARTITION BY RANGE (id)", PARTITIONS, ""] } else { ["", "", "UNIQUE"] };
    let middle = (tickets * 5).to_string();
    let table = include_str!("table.sql")
        .replace("{partitioned}", partitioned)
        .replace("{partitions}", &partitions.replace("{middle}", &middle))
        .replace("{unique}", unique)
        .replace("{tickets}", &tickets.to_string())
        .replace("{wide_gap}", &WIDE_GAP.to_string())
        .replace("{milliseconds}", &REST.to_string());
    database.execute(&table);
    // The default of servers, other than that of tests.
    let patience = format!("ALTER DATABASE {} SET deadlock_timeout = '1s'", database.name);
    database.administrator().execute(&patience);
    if database.edition() == Edition::Extension {
        database.execute(&KEEPER.replace("{keeper}", &format!("{}_keeper", database.name)));
    }
    oracle::watch_statements(database);
    database.execute(&include_str!("audit.sql").replace("{schema}", database.edition().schema()));
}
