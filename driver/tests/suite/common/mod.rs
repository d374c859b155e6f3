//! What the tests share: servers, databases, processes, and what must hold after a run.

mod database;
mod edition;
mod leaked;
mod line;
mod lock;
pub mod mangler;
mod number;
pub mod oracle;
mod page;
mod pooler;
mod process;
pub mod property;
mod proxy;
mod run;
mod scripts;
mod server;
mod switch;

pub use database::{DRIVER, Database};
pub use edition::{Edition, OWNER};
pub use leaked::{List, json_evidence, rotated, verify};
pub use line::Line;
pub use lock::{Lock, wait_for_blocked};
pub use number::number;
pub use page::{Block, Page};
pub use pooler::Pooler;
pub use process::{Ended, Running, poll};
pub use proxy::{Cut, Proxy};
pub use run::{SESSION, TRYING, batches, run_what_is_printed, terminate};
pub use scripts::{rotator, script};
pub use server::{Server, as_server_user, free_port, repository};
pub use switch::{Switch, Way};
