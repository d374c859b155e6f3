//! `sql/schedule.sql` with a real pg_cron. What its jobs would do each minute is done at once: their commands, in their
//! databases, as their role.

use std::path::PathBuf;
use std::process::Command;

use crate::common::{Database, Ended, Running, Server, oracle, script};

struct Cron {
    server: Server,
}

impl Cron {
    /// None where pg_cron is not at hand.
    fn start(name: &str) -> Option<Self> {
        let settings = ["shared_preload_libraries=pg_cron", "cron.launch_active_jobs=off", "fsync=off"];
        let output =
            Server::shared().program("pg_config").arg("--pkglibdir").output().expect("pg_config runs");
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if !folder.join("pg_cron.so").exists() {
            println!("skipped: there is no pg_cron (driver/dev/pg_cron)");
            return None;
        }
        let server = Server::start(name, &settings);
        Database::named(&server, "postgres").execute(
            "CREATE EXTENSION pg_cron; CREATE ROLE app LOGIN; GRANT USAGE ON SCHEMA cron TO app;
             GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO app",
        );
        Some(Self { server })
    }

    fn postgres(&self) -> Database<'_> {
        Database::named(&self.server, "postgres")
    }

    /// Runs the job whose name ends so.
    fn run(&self, ending: &str) -> Ended {
        let row = |column: &str| {
            self.postgres()
                .one(&format!("SELECT {column} FROM cron.job WHERE jobname LIKE 'rotate %){ending}'"))
        };
        let mut psql = Database::named(&self.server, &row("database")).program("psql");
        psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", &row("command")]);
        psql.env("PGUSER", row("username"));
        Running::start(psql).wait()
    }
}

fn with_extension(database: &Database) {
    database.execute("CREATE EXTENSION ticket_ext");
    with_tickets(database);
    let variables =
        [("role", "app"), ("target", "public.ticket"), ("token_column", "token"), ("schema", "public")];
    Running::start(script(database, "roles", &variables)).wait().expect(0);
}

fn with_plain_sql(database: &Database) {
    let path = "SET search_path = public, ticket_ext";
    database.execute(&format!("ALTER DATABASE {0} OWNER TO app; ALTER DATABASE {0} {path}", database.name));
    let mut setup = database.driver(&["setup"]);
    setup.env("PGUSER", "app");
    Running::start(setup).wait().expect(0);
    with_tickets(database);
}

fn with_tickets(database: &Database) {
    database.make_tickets(300);
    oracle::watch(database);
    database.execute("ALTER TABLE ticket OWNER TO app; ALTER TABLE leaked OWNER TO app");
}

fn schedule(database: &Database, variables: &[(&str, &str)]) -> Ended {
    let mut psql: Command = script(database, "schedule", variables);
    psql.env("PGUSER", "app");
    Running::start(psql).wait()
}

#[test]
fn jobs_rotate_a_table_of_another_database_and_remove_themselves() {
    let Some(cron) = Cron::start("cron_elsewhere") else { return };
    for install in [with_extension, with_plain_sql] {
        let database = Database::create_empty_on(&cron.server).for_superuser();
        install(&database);
        rotate_elsewhere(&cron, &database);
    }
}

fn rotate_elsewhere(cron: &Cron, database: &Database) {
    schedule(database, &[]).expect(3).says(&[
        &format!("pg_cron is not installed in database \"{}\"", database.name),
        "-v cron_database=NAME",
    ]);
    for _ in 0..2 {
        schedule(database, &[("cron_database", "postgres")]).expect(0);
    }
    let jobs = "SELECT string_agg(jobname, ',' ORDER BY jobid) FROM cron.job";
    let name = format!("rotate {}: public.ticket (token)", database.name);
    assert_eq!(cron.postgres().one(jobs), format!("{name},{name}: ended?,{name}: end"));
    for ending in [": ended?", ": end", "", ": end"] {
        cron.run(ending).expect(0);
    }
    assert_eq!(cron.postgres().count("cron.job"), 3, "nobody has said that it has ended");
    oracle::assert_rotated_once(database);
    let ended = cron.run(": ended?").expect(1).says(&["this rotation has ended"]);
    cron.postgres().execute(&format!(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, return_message, end_time)
         SELECT jobid, 1, 'app', 'failed', $message${}$message$, now() - interval '2 hours'
         FROM cron.job WHERE jobname LIKE '%ended?'",
        ended.stderr
    ));
    cron.run(": end").expect(0);
    assert_eq!(cron.postgres().count("cron.job"), 0);
    assert_eq!(cron.postgres().count("cron.job_run_details"), 0, "old results are removed");
}

#[test]
fn jobs_rotate_a_table_beside_pg_cron_and_remove_themselves() {
    let Some(cron) = Cron::start("cron_here") else { return };
    let database = cron.postgres();
    with_extension(&database);
    schedule(&database, &[]).expect(0);
    assert_eq!(database.count("cron.job"), 2);
    for (ending, jobs) in [(": end", 2), ("", 2), (": end", 0)] {
        cron.run(ending).expect(0);
        assert_eq!(database.count("cron.job"), jobs, "after the job {ending:?}");
    }
    oracle::assert_rotated_once(&database);
}
