//! What an export keeps of a comment that is gone.

use serde::{Deserialize, Serialize};

use super::values::As;
use crate::domain::{CommentId, ExternalId, Fault, Status, Timestamp, Tombstone};
use crate::http::wire::FieldFault;

/// The highest version, which every store and every reader of JSON can hold: no sum of changes comes near it.
const MAX_VERSION: u64 = (1 << 53) - 1;

/// `tombstone`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::cli) struct TombstoneRecord {
    id: As<CommentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    status: Status,
    version: u64,
    received_at: As<Timestamp>,
    written_at: As<Timestamp>,
    erased_at: As<Timestamp>,
}

impl From<&Tombstone> for TombstoneRecord {
    fn from(tombstone: &Tombstone) -> Self {
        Self {
            id: As(tombstone.id),
            external_id: tombstone.external_id.as_ref().map(|id| id.as_str().to_owned()),
            status: tombstone.status,
            version: tombstone.version,
            received_at: As(tombstone.received_at),
            written_at: As(tombstone.written_at),
            erased_at: As(tombstone.erased_at),
        }
    }
}

impl TombstoneRecord {
    /// The tombstone, counted in nothing: what it was counted in hangs on the secret of the store it comes from.
    pub(in crate::cli) fn check(self) -> Result<Tombstone, Vec<FieldFault>> {
        if self.version > MAX_VERSION {
            let fault = Fault::new("out_of_range", format!("must be at most {MAX_VERSION}"));
            return Err(vec![FieldFault::new("/tombstone/version", fault)]);
        }
        let external_id = self.external_id.map(ExternalId::try_from).transpose();
        Ok(Tombstone {
            id: self.id.0,
            external_id: external_id.map_err(|fault| vec![FieldFault::new("/tombstone/external_id", fault)])?,
            status: self.status,
            version: self.version,
            received_at: self.received_at.0,
            written_at: self.written_at.0,
            erased_at: self.erased_at.0,
            counted: Vec::new(),
            authors: [None; 2],
        })
    }
}
