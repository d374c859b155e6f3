//! Regenerates the tokens of a live table in small transactions, exactly once each.

mod api;
mod batch;
mod error;
mod finish;
mod guarded;
mod interval;
mod job;
mod known;
mod lock_wait;
mod range;
mod report;
mod run;
mod session;
mod settings;
mod start;
mod statement;
mod target;
mod tickets;
mod token;
mod tune;
mod types;
mod verify;

#[cfg(any(test, feature = "pg_test"))]
mod tests;

pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/tables.sql", name = "tables");
pgrx::extension_sql_file!("../sql/control.sql", name = "control");
pgrx::extension_sql_file!("../sql/progress.sql", name = "progress", requires = ["tables", "control"]);
pgrx::extension_sql_file!("../sql/procedures.sql", name = "procedures");
pgrx::extension_sql_file!("../sql/comments.sql", name = "comments", requires = ["procedures"], finalize);

#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    settings::define();
    known::listen();
}

/// Looked up by `cargo pgrx test`.
#[cfg(test)]
pub mod pg_test {
    pub fn setup(_options: Vec<&str>) {}

    #[must_use]
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![]
    }
}
