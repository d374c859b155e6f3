//! The options of a run that count when it starts, and that it keeps.

use clap::Args;

#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// The column that orders the tickets: NOT NULL, and the first one of an index
    ///
    /// By default the primary key, or a column with a sequence. A run keeps its key.
    #[arg(long, value_name = "NAME")]
    pub key_column: Option<String>,

    /// What new tokens look like: sk_live_{base62:32}, {hex:64}, uuid, function:app.new_key
    ///
    /// Fields are {digits:N}, {hex:N}, {HEX:N}, {base32:N}, {base36:N}, {base58:N}, {base62:N},
    /// {base64:N}, {base64url:N}, {uuid} and, of bytea, {bytes:N}. By default UUIDs, if a sample of
    /// the tokens has none but UUIDs. In a large table those of a batch begin with the same digits,
    /// one to four, which makes a run faster; {uuid} makes each independent of all others. A run
    /// keeps its format.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,

    /// Give a token to tickets without one, too: NULL, or an empty text
    #[arg(long)]
    pub fill_null: bool,

    /// Start also with a format of less than 64 random bits
    #[arg(long)]
    pub force: bool,
}

impl StartOptions {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
