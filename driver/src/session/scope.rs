//! The options that choose connection and target.

use clap::Args;

use crate::connect::{Address, Request};

#[derive(Args, Clone)]
pub struct Scope {
    /// Where to connect: a URL, keyword=value pairs, or a database name
    ///
    /// What it leaves out comes from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE and
    /// so on, from ~/.pgpass, and from the defaults that psql has. Of several hosts, as in host=a,b,
    /// commands that write take the first primary; target_session_attrs asks for another.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    #[arg(help_heading = "Connection")]
    pub url: Option<String>,

    /// Program that prints the password, for tokens that last for minutes
    ///
    /// It is run for each connection, and the first line of its output is the password; nothing is
    /// kept. It may take 30 seconds. It is split into words as a shell does it, and run without
    /// one: 'sh -c "…"' asks for a shell. It wins over every other password.
    #[arg(long, global = true, value_name = "CMD", help_heading = "Connection")]
    pub password_command: Option<String>,

    /// Table to rotate, quoted as in SQL [default: the server's setting ticket_ext.target]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Target")]
    pub table: Option<String>,

    /// Its token column [default: the server's setting ticket_ext.token_column]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Target")]
    pub token_column: Option<String>,

    /// A node that was found, in place of where the connection string leads.
    #[arg(skip)]
    pub node: Option<Address>,
}

impl Scope {
    pub fn request(&self, writes: bool) -> Request {
        let (url, password_command) = (self.url.clone(), self.password_command.clone());
        Request { url, password_command, node: self.node.clone(), writes, options: None }
    }
}
