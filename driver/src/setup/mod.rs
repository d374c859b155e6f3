//! The plain-SQL edition of the extension, for servers where none can be installed.

pub mod script;
