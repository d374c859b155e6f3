//! A database of its own for each test, with the extension.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use postgres::{Client, Config, NoTls};

use crate::server::Server;

pub struct Database<'a> {
    pub server: &'a Server,
    pub name: String,
}

impl Database<'static> {
    pub fn create() -> Self {
        Self::create_on(Server::shared())
    }

    /// With the sample table of `rotate-driver init`, and a copy of it as it was.
    pub fn with_tickets(tickets: u32) -> Self {
        let database = Self::create();
        database.driver(&["init", "--size", &tickets.to_string()]).output().expect("the driver runs");
        database.execute("CREATE TABLE leaked AS SELECT id, token FROM ticket");
        assert_eq!(database.count("leaked"), i64::from(tickets));
        database
    }
}

impl<'a> Database<'a> {
    pub fn create_on(server: &'a Server) -> Self {
        let database = Self::create_empty_on(server);
        database.execute("CREATE EXTENSION ticket_ext");
        database
    }

    /// Without the extension.
    pub fn create_empty_on(server: &'a Server) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let postgres = Self { server, name: "postgres".into() };
        postgres.execute(&format!("CREATE DATABASE {name}"));
        Self { server, name }
    }

    pub fn connect(&self) -> Client {
        let port = self.server.variable("PGPORT").parse().expect("a port");
        Config::new()
            .host(self.server.variable("PGHOST"))
            .port(port)
            .user(self.server.variable("PGUSER"))
            .dbname(&self.name)
            .connect(NoTls)
            .expect("the private server answers")
    }

    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The one value of a query, as text.
    pub fn one(&self, sql: &str) -> String {
        let sql = format!("SELECT coalesce(({sql})::text, '')");
        self.connect().query_one(&sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    pub fn count(&self, from: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {from}")).parse().expect("a number")
    }

    pub fn driver(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rotate-driver"));
        self.server.set_variables(&mut command);
        command.env("PGDATABASE", &self.name).args(arguments);
        command
    }

    pub fn program(&self, name: &str) -> Command {
        let mut command = self.server.program(name);
        command.env("PGDATABASE", &self.name);
        command
    }
}
