//! The settings that serve calls which name neither target nor token column.

use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

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
}

pub fn target() -> String {
    text(&TARGET)
}

pub fn token_column() -> String {
    text(&TOKEN_COLUMN)
}

fn text(setting: &GucSetting<Option<CString>>) -> String {
    setting.get().unwrap_or_default().to_string_lossy().into_owned()
}
