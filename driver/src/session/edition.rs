//! Which edition of ticket_ext a database has: the extension, or the one in plain SQL.

use postgres::types::Type;
use postgres::{GenericClient, Row};

use super::template::fill;
use super::version::Version;
use crate::error::{EditionError, Error};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Extension,
    Plain,
}

pub struct Edition {
    pub kind: Kind,
    /// Quoted, as the other names.
    pub schema: String,
    pub owner: String,
    role: String,
    /// Whether its functions may run with the privileges of this role.
    pub trusted: bool,
    /// Whether this role may read its version.
    readable: bool,
    /// The schema of a plain-SQL edition beside the extension.
    beside: Option<String>,
}

impl Edition {
    /// The one that a command is to use for the table of this number.
    pub fn of(client: &mut impl GenericClient, target: Option<u32>) -> Result<Self, Error> {
        match Self::find(client, target)? {
            Some(edition) => Ok(edition),
            None => Err(missing(client)?),
        }
    }

    pub fn find(client: &mut impl GenericClient, target: Option<u32>) -> Result<Option<Self>, Error> {
        let rows = client.query_typed(include_str!("../sql/edition.sql"), &[(&target, Type::OID)])?;
        let mut found = rows.iter().map(Self::from);
        let Some(first) = found.next() else { return Ok(None) };
        let is_beside =
            |other: &Self| first.kind == Kind::Extension && other.trusted && other.schema != first.schema;
        let beside = found.find(is_beside).map(|other| other.schema);
        Ok(Some(Self { beside, ..first }))
    }

    /// Its schema, unless it is not for this role or not for this driver.
    pub fn usable(self, client: &mut impl GenericClient) -> Result<String, Error> {
        let Self { schema, owner, role, .. } = self;
        if !self.trusted {
            return Err(EditionError::Untrusted { schema, owner, role }.into());
        }
        if let Some(plain) = self.beside {
            return Err(EditionError::Both { schema, plain }.into());
        }
        if self.readable {
            Version::installed(client, &schema)?.expect_ours(self.kind)?;
        }
        Ok(schema)
    }
}

impl From<&Row> for Edition {
    fn from(row: &Row) -> Self {
        let is_extension = row.get::<_, &str>("edition") == "extension";
        Self {
            kind: if is_extension { Kind::Extension } else { Kind::Plain },
            schema: row.get("schema"),
            owner: row.get("owner"),
            role: row.get("role"),
            trusted: row.get("trusted"),
            readable: row.get("readable"),
            beside: None,
        }
    }
}

fn missing(client: &mut impl GenericClient) -> Result<Error, Error> {
    let row = client.query_typed_one(include_str!("../sql/extension.sql"), &[])?;
    let database = row.get("database");
    let error = if row.get("available") {
        EditionError::ExtensionMissing(database)
    } else {
        EditionError::Missing(database)
    };
    Ok(error.into())
}

impl Version {
    /// What the schema, which is quoted, says of itself.
    pub fn installed(client: &mut impl GenericClient, schema: &str) -> Result<Self, Error> {
        let sql = fill(include_str!("../sql/version.sql"), &[("schema", schema)]);
        let row = client.query_typed_opt(&sql, &[])?;
        Ok(Self::read(&row.map_or_else(String::new, |row| row.get("version"))))
    }
}
