//! The settings that serve calls which name neither target nor token column.

use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use crate::encoding::from_server;

pub const DEFAULT_TARGET: &str = "ticket";
pub const DEFAULT_TOKEN_COLUMN: &str = "token";

static TARGET: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"ticket"));
static TOKEN_COLUMN: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"token"));

pub fn define() {
    GucRegistry::define_string_guc(
        c"ticket_ext.target",
        c"Table whose tokens are rotated by calls that name none.",
        c"Written as in SQL, with quotes where the name needs them, and looked up by search_path.",
        &TARGET,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"ticket_ext.token_column",
        c"Column whose tokens are rotated by calls that name none.",
        c"The plain name of the column, without quotes.",
        &TOKEN_COLUMN,
        GucContext::Userset,
        GucFlags::default(),
    );
    reserve_prefix();
}

/// So that a misspelt setting is an error and does not leave the default in force.
fn reserve_prefix() {
    #[cfg(any(feature = "pg13", feature = "pg14"))]
    use pgrx::pg_sys::EmitWarningsOnPlaceholders as reserve;
    #[cfg(not(any(feature = "pg13", feature = "pg14")))]
    use pgrx::pg_sys::MarkGUCPrefixReserved as reserve;
    // SAFETY: called from _PG_init with a constant, which the server copies.
    unsafe { reserve(c"ticket_ext".as_ptr()) }
}

pub fn target() -> String {
    text(&TARGET)
}

pub fn token_column() -> String {
    text(&TOKEN_COLUMN)
}

fn text(setting: &GucSetting<Option<CString>>) -> String {
    from_server(setting.get().unwrap_or_default().to_bytes())
}
