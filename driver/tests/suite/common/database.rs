//! A database of its own for each test, with the extension.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use postgres::{Client, Config, NoTls};

use super::edition::{Edition, OWNER};
use super::process::{Ended, Running};
use super::server::Server;

pub const DRIVER: &str = env!("CARGO_BIN_EXE_rotate-driver");

pub struct Database<'a> {
    pub server: &'a Server,
    pub name: String,
    pub role: String,
}

impl Database<'static> {
    pub fn create() -> Self {
        Self::create_on(Server::shared())
    }

    pub fn create_empty() -> Self {
        Self::create_empty_on(Server::shared())
    }

    /// With the sample table of `rotate-driver init`, and a copy of it as it was.
    pub fn with_tickets(tickets: u32) -> Self {
        let database = Self::create();
        database.make_tickets(tickets);
        database
    }
}

impl<'a> Database<'a> {
    pub fn create_on(server: &'a Server) -> Self {
        Self::create_with(Edition::of_tests(), server)
    }

    pub fn create_with(edition: Edition, server: &'a Server) -> Self {
        let database = Self::create_for(edition, server);
        edition.install(&database);
        database
    }

    pub fn with_functions_in_public(edition: Edition, server: &'a Server) -> Self {
        let database = Self::create_for(edition, server);
        edition.install_into_public(&database);
        database
    }

    /// One that is there, as on a standby, for the server's superuser.
    pub fn named(server: &'a Server, name: &str) -> Self {
        Self { server, name: name.into(), role: server.variable("PGUSER").into() }
    }

    /// The same for the role that tests work as.
    pub fn of_tests(server: &'a Server, name: &str) -> Self {
        Self { role: Edition::of_tests().role(server).into(), ..Self::named(server, name) }
    }

    /// The same one for the server's superuser: for what the owner of a database may not set up.
    pub fn administrator(&self) -> Self {
        Self::named(self.server, &self.name)
    }

    /// The one that its role works with.
    pub fn edition(&self) -> Edition {
        if self.role == OWNER { Edition::Plain } else { Edition::Extension }
    }

    /// Without the extension.
    pub fn create_empty_on(server: &'a Server) -> Self {
        Self::create_for(Edition::of_tests(), server)
    }

    /// The same one for the server's superuser.
    pub fn for_superuser(self) -> Self {
        Self { role: self.server.variable("PGUSER").into(), ..self }
    }

    fn create_for(edition: Edition, server: &'a Server) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        edition.create_role(server);
        let role = edition.role(server);
        Self::named(server, "postgres").execute(&format!("CREATE DATABASE {name} OWNER {role}"));
        Self { role: role.into(), ..Self::named(server, &name) }
    }

    pub fn connect(&self) -> Client {
        self.try_connect().expect("the private server answers")
    }

    /// For a server that may be down. What a test does itself is not lost in a crash, whatever the server's settings.
    pub fn try_connect(&self) -> Result<Client, postgres::Error> {
        let port = self.server.variable("PGPORT").parse().expect("a port");
        Config::new()
            .host(self.server.variable("PGHOST"))
            .port(port)
            .user(&self.role)
            .dbname(&self.name)
            .options("-c synchronous_commit=on")
            .connect(NoTls)
    }

    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The one value of a query, as text.
    pub fn one(&self, sql: &str) -> String {
        let sql = format!("SELECT coalesce(({sql})::text, '')");
        self.connect().query_one(&sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    /// Whether the server is of this release or a later one.
    pub fn is_at_least(&self, major: u32) -> bool {
        self.one(&format!("SELECT current_setting('server_version_num')::integer >= {major}0000")) == "true"
    }

    pub fn count(&self, from: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {from}")).parse().expect("a number")
    }

    /// The sample table of `rotate-driver init`, and a copy of it as it was.
    pub fn make_tickets(&self, tickets: u32) {
        self.complete(&["init", "--size", &tickets.to_string()]);
        self.execute("CREATE TABLE leaked AS SELECT id, token FROM ticket");
        assert_eq!(self.count("leaked"), i64::from(tickets));
    }

    /// From now on each batch takes at least so long.
    pub fn slow_down(&self, milliseconds: u32) {
        self.execute(&format!(
            "CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_sleep({milliseconds} / 1000.0); RETURN NULL; END';
             CREATE TRIGGER rest BEFORE UPDATE ON ticket EXECUTE FUNCTION rest()"
        ));
    }

    /// The driver with everything it needs to find this database.
    pub fn driver(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(DRIVER);
        command.args(arguments);
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.driver(arguments))
    }

    #[track_caller]
    pub fn end(&self, arguments: &[&str], code: i32) -> Ended {
        self.start(arguments).wait().expect(code)
    }

    #[track_caller]
    pub fn complete(&self, arguments: &[&str]) -> Ended {
        self.end(arguments, 0)
    }

    /// One of PostgreSQL's own programs.
    pub fn program(&self, name: &str) -> Command {
        self.command(Path::new(self.server.variable("PGBIN")).join(name))
    }

    /// Any program, with the variables of this database and nothing from the home folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        self.server.set_variables(&mut command);
        command
            .env("PGDATABASE", &self.name)
            .env("PGUSER", &self.role)
            .env("HOME", env!("CARGO_TARGET_TMPDIR"));
        command
    }
}
