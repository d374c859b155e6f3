//! The two ways that a table of Citus' is rotated, for tests of both.

use fastrand::Rng;
use postgres::Client;

use super::shards_cluster::Cluster;
use crate::common::{Edition, Running};

#[derive(Clone, Copy)]
pub enum Way {
    Coordinator,
    Shards,
}

impl Way {
    /// A batch from the coordinator takes many times as long.
    fn tickets(self) -> u32 {
        match self {
            Self::Coordinator => 15_000,
            Self::Shards => 40_000,
        }
    }

    pub fn edition(self) -> Edition {
        match self {
            Self::Coordinator => Edition::of_tests(),
            Self::Shards => Edition::Extension,
        }
    }

    pub fn prepare(self, cluster: &Cluster) {
        cluster.make_tickets(self.tickets(), 8);
        // What the application may have put into tickets.
        cluster.database().execute("CREATE TABLE written (id bigint, token uuid)");
    }

    pub fn start(self, cluster: &Cluster) -> Running {
        match self {
            Self::Coordinator => {
                let options = ["--batch", "150", "--nice", "1", "--workers", "2", "--interval", "30"];
                cluster.database().start(&[&["run"], &options[..]].concat())
            }
            Self::Shards => cluster.start_run(&["--batch", "50", "--nice", "2", "--workers", "1"]),
        }
    }

    /// A new ticket, and a change of another: of its token as well, where entries tell which token was retired. It is
    /// noted beforehand, since a transaction of one worker commits there before it does on the coordinator.
    pub fn write(self, client: &mut Client, random: &mut Rng) -> Result<(), postgres::Error> {
        let (new, id) = (self.tickets() + random.u32(1..1_000_000), random.u32(1..=self.tickets()));
        let change = match self {
            Self::Coordinator => {
                let token = format!("{:032x}", random.u128(..));
                client.batch_execute(&format!("INSERT INTO written VALUES ({id}, '{token}')"))?;
                format!("token = '{token}'")
            }
            Self::Shards => "n = coalesce(n, 0) + 1".to_owned(),
        };
        client.batch_execute(&format!(
            "INSERT INTO ticket (id) VALUES ({new}) ON CONFLICT DO NOTHING;
             UPDATE ticket SET {change} WHERE id = {id}"
        ))
    }

    /// As far as the nodes answer.
    pub fn rotated(self, cluster: &Cluster) -> usize {
        match self {
            Self::Coordinator => cluster.column("SELECT unnest(keys)::text FROM ticket_rotation_batch").len(),
            Self::Shards => cluster.retired().len(),
        }
    }

    #[track_caller]
    pub fn assert_rotated_once(self, cluster: &Cluster) {
        match self {
            Self::Coordinator => {
                let accounted = cluster.column(include_str!("accounted.sql"));
                assert_eq!(accounted, ["skipped 0, replayed 0, doubled 0, old 0"]);
                cluster.database().end(&["verify"], 0);
            }
            Self::Shards => {
                cluster.assert_rotated_once();
                cluster.verify(0);
            }
        }
    }
}
