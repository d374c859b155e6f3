//! Regenerates the tokens of a live table in small transactions, exactly once each.

mod accounting;
mod api;
mod batch;
mod check_cache;
mod choices;
mod citus;
mod citus_table;
mod context;
mod digest;
mod encoding;
mod entries;
mod error;
mod error_report;
mod finish;
mod forget;
mod format;
mod guard;
mod guard_api;
mod guc;
mod held;
mod identity;
mod interval;
mod key;
mod key_column;
mod late;
mod ledger;
mod lock_wait;
mod older_writers;
mod privileges;
mod range;
mod run;
mod session;
mod settings;
mod shard_check;
mod shards;
mod shared_id;
mod start;
mod statement;
mod sweep;
mod table;
mod table_lock;
mod target;
mod ticket;
mod token;
mod token_functions;
mod token_type;
mod trace;
mod trace_api;
mod trace_token;
mod traced_keys;
mod tune;
mod types;
mod verify;
mod violation;
mod warnings;

#[cfg(any(test, feature = "pg_test"))]
mod tests;

pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/version.sql", name = "version");
pgrx::extension_sql_file!("../sql/edition.sql", name = "edition", requires = ["version"]);
pgrx::extension_sql_file!("../sql/tables.sql", name = "tables");
pgrx::extension_sql_file!("../sql/cluster.sql", name = "cluster", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/control.sql", name = "control");
pgrx::extension_sql_file!("../sql/guard.sql", name = "guard", requires = [guard_api::ticket_guard]);
pgrx::extension_sql_file!(
    "../sql/progress.sql",
    name = "progress",
    requires = ["tables", "control", "guard"]
);
pgrx::extension_sql_file!("../sql/procedures.sql", name = "procedures");
pgrx::extension_sql_file!(
    "../sql/shards.sql",
    name = "shards",
    requires = [shards::api::rotate_ticket_shard, shards::api::check_ticket_shard, "grants"]
);
pgrx::extension_sql_file!("../sql/settings.sql", name = "settings", requires = [api::rotate_ticket_tokens]);
pgrx::extension_sql_file!("../sql/grants.sql", name = "grants", requires = ["progress"]);
pgrx::extension_sql_file!(
    "../sql/batch_functions.sql",
    name = "batch_functions",
    requires = [
        token_functions::renew_uuid,
        token_functions::replace_uuid,
        token_functions::renew_text,
        token_functions::replace_text,
        token_functions::renew_bytea,
        token_functions::replace_bytea,
        token_functions::is_due_uuid,
        token_functions::is_due_text,
        token_functions::is_due_bytea
    ]
);
pgrx::extension_sql_file!("../sql/functions.sql", name = "functions", requires = ["procedures"], finalize);

/// Called when the server loads the library.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    settings::define();
    check_cache::invalidate_on_change();
}

/// Looked up by `cargo pgrx test`.
#[cfg(test)]
pub mod pg_test {
    /// Nothing has to be done before the first test.
    pub fn setup(_options: Vec<&str>) {}

    /// The server's defaults are tested.
    #[must_use]
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![]
    }
}
