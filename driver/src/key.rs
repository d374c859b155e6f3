//! Keys of tickets, as people see them.

use serde_json::Value;

/// Numbers come in their own order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i64),
    Text(String),
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        key.parse().map_or(Self::Text(key), Self::Number)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<&Key> for Value {
    fn from(key: &Key) -> Self {
        match key {
            Key::Number(number) => (*number).into(),
            Key::Text(text) => text.as_str().into(),
        }
    }
}

pub fn values<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Vec<Value> {
    keys.into_iter().map(Value::from).collect()
}
