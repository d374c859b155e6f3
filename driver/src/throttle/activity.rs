//! `--max-active`: how many sessions of others the server is working for.

use std::time::Instant;

use postgres::types::Type;

use super::{Throttle, statistics};
use crate::connect::NAME;
use crate::error::Error;
use crate::session::{Parameter, Session};

pub struct Activity {
    most: u32,
}

impl Activity {
    pub fn new(most: u32) -> Self {
        Self { most }
    }
}

impl Throttle for Activity {
    fn name(&self) -> &'static str {
        "the number of active sessions"
    }

    fn read(&mut self, session: &mut Session, _: Instant) -> Result<Option<String>, Error> {
        let schema = session.schema().to_owned();
        let parameters: [Parameter; 2] = [(&NAME, Type::TEXT), (&schema, Type::TEXT)];
        let row = session.row(include_str!("../sql/throttle_activity.sql"), &parameters)?;
        statistics::require(&row, "sessions of others")?;
        let busy = row.get::<_, i64>("others") > i64::from(self.most);
        Ok(busy.then(|| format!("more than {} other session(s) are active", self.most)))
    }
}
