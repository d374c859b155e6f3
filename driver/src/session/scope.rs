//! The options that choose connection and target.

use clap::Args;

#[derive(Args, Clone)]
pub struct Scope {
    /// Where to connect: a URL, keyword=value pairs, or a database name
    ///
    /// What it leaves out comes from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE and
    /// so on, from ~/.pgpass, and from the defaults that psql has.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    #[arg(help_heading = "Connection")]
    pub url: Option<String>,

    /// Table to rotate, quoted as in SQL [default: the server's setting ticket_ext.target]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Target")]
    pub table: Option<String>,

    /// Its token column [default: the server's setting ticket_ext.token_column]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Target")]
    pub token_column: Option<String>,
}
