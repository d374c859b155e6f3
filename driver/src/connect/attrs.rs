//! Which of several servers will do: target_session_attrs, with all of libpq's values.

use postgres::Client;

use super::params::Params;
use super::values::one_of;
use crate::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    /// A standby if there is one, else what there is.
    PreferStandby,
    /// Not libpq's: what a command that writes takes where nothing else is asked for.
    PreferPrimary,
}

const LEGAL: [(&str, Attrs); 6] = [
    ("any", Attrs::Any),
    ("read-write", Attrs::ReadWrite),
    ("read-only", Attrs::ReadOnly),
    ("primary", Attrs::Primary),
    ("standby", Attrs::Standby),
    ("prefer-standby", Attrs::PreferStandby),
];

/// What a session is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    pub standby: bool,
    pub read_only: bool,
}

impl Attrs {
    pub fn choose(params: &Params, writes: bool) -> Result<Self, Error> {
        let given = one_of(params, "target_session_attrs", LEGAL)?;
        let free = !params.contains_key("target_session_attrs") || given == Self::PreferStandby;
        Ok(if writes && free { Self::PreferPrimary } else { given })
    }

    pub fn suit(self, role: Role) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => !role.read_only,
            Self::ReadOnly => role.read_only,
            Self::Primary | Self::PreferPrimary => !role.standby,
            Self::Standby | Self::PreferStandby => role.standby,
        }
    }

    /// Whether another server will do where none suits.
    pub fn are_a_preference(self) -> bool {
        matches!(self, Self::PreferStandby | Self::PreferPrimary)
    }

    pub fn name(self) -> &'static str {
        LEGAL.iter().find(|(_, attrs)| *attrs == self).map_or("primary", |(name, _)| name)
    }
}

impl Role {
    pub fn ask(client: &mut Client) -> Result<Self, postgres::Error> {
        let row = client.query_typed_one(include_str!("../sql/session_role.sql"), &[])?;
        Ok(Self { standby: row.get("standby"), read_only: row.get("read_only") })
    }

    pub fn is_writable(self) -> bool {
        !self.standby && !self.read_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: Role = Role { standby: false, read_only: false };
    const READER: Role = Role { standby: false, read_only: true };
    const STANDBY: Role = Role { standby: true, read_only: true };

    fn chosen(value: &str, writes: bool) -> Attrs {
        let params = Params::from([("target_session_attrs".to_owned(), value.to_owned())]);
        Attrs::choose(&params, writes).unwrap()
    }

    #[test]
    fn each_value_takes_the_servers_that_libpq_takes() {
        for (value, expected) in [
            ("any", [true, true, true]),
            ("read-write", [true, false, false]),
            ("read-only", [false, true, true]),
            ("primary", [true, true, false]),
            ("standby", [false, false, true]),
            ("prefer-standby", [false, false, true]),
        ] {
            let attrs = chosen(value, false);
            assert_eq!([PRIMARY, READER, STANDBY].map(|role| attrs.suit(role)), expected, "{value}");
            assert_eq!(attrs.name(), value);
        }
    }

    #[test]
    fn a_command_that_writes_prefers_a_primary_unless_it_is_told_otherwise() {
        assert_eq!(Attrs::choose(&Params::new(), true).unwrap(), Attrs::PreferPrimary);
        assert_eq!(Attrs::choose(&Params::new(), false).unwrap(), Attrs::Any);
        let told = ["prefer-standby", "any", "standby"].map(|value| chosen(value, true));
        assert_eq!(told, [Attrs::PreferPrimary, Attrs::Any, Attrs::Standby]);
    }
}
