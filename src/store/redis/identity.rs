//! Who the store is, and what an empty one begins with.

use serde::{Deserialize, Serialize};

use super::base::{Base, lost, tag_of};
use super::packed::{from_json, json};
use super::plan::Plan;
use crate::domain::{ApiKey, Site};
use crate::store::{Error, Identity, Seed};

/// The number of what this version writes. ARCHITECTURE.md ("Changing what is stored") says how it changes.
pub(super) const SCHEMA: u32 = 1;

/// Whether this process may work on a store of this schema: on its own, and on the one before, where processes of both
/// versions run together until all of it is migrated. Then the number is raised, and the older ones are refused.
fn runs_on(schema: u32) -> bool {
    schema == SCHEMA || schema.checked_add(1) == Some(SCHEMA)
}

/// What every schema's `mod:schema` holds.
#[derive(Deserialize)]
struct Number {
    schema: u32,
}

/// What `mod:schema` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Schema {
    pub(super) schema: u32,
    pub(super) store_id: String,
    /// In hexadecimal digits.
    secret: String,
    /// What the store begins with, until all of it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beginning: Option<Beginning>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Beginning {
    site: Site,
    keys: Vec<ApiKey>,
}

impl Base {
    /// [`Store::identity`](crate::store::Store::identity). A first start that was cut short is finished first.
    pub(super) async fn identity(&self) -> Result<Option<Identity>, Error> {
        let Some((schema, value)) = self.schema().await? else { return Ok(None) };
        let secret = data_encoding::HEXLOWER.decode(schema.secret.as_bytes()).ok();
        let secret = secret.and_then(|secret| secret.try_into().ok());
        let secret =
            secret.ok_or_else(|| Error::Damaged(format!("{} holds no secret", self.names.schema().as_str())))?;
        let identity = Identity { store_id: schema.store_id.clone(), secret };
        if let Some(Beginning { site, keys }) = &schema.beginning {
            let _ = self.tag.set(tag_of(&schema.store_id));
            self.create_site(site).await?;
            for key in keys {
                self.create_key(key).await?;
            }
            let mut done = Plan::without_head(self.names.schema());
            done.expect(String::new(), value);
            done.set(String::new(), json(&Schema { beginning: None, ..schema })?);
            // If another process was faster, it is done.
            self.try_commit(None, &done).await?;
        }
        let _ = self.tag.set(tag_of(&identity.store_id));
        self.clear_leaving().await?;
        Ok(Some(identity))
    }

    /// What `mod:schema` holds, and the value itself.
    pub(super) async fn schema(&self) -> Result<Option<(Schema, Vec<u8>)>, Error> {
        let mut question = redis::cmd("GET");
        question.arg(self.names.schema().as_str());
        let Some(value) = self.ask::<Option<Vec<u8>>>(question).await? else {
            return if self.tag.get().is_some() { Err(lost()) } else { Ok(None) };
        };
        let Number { schema } = from_json(&value)?;
        if !runs_on(schema) {
            return Err(Error::NotReady {
                reason: "foreign-schema",
                detail: format!(
                    "{} is of schema {schema}, and this version of Moderato knows {SCHEMA}: start the version that wrote it, \
                     or export with that and import into an empty store",
                    self.names.schema().as_str()
                ),
            });
        }
        let schema: Schema = from_json(&value)?;
        if self.tag.get().is_some_and(|tag| *tag != tag_of(&schema.store_id)) {
            return Err(lost());
        }
        Ok(Some((schema, value)))
    }

    /// [`Store::settle`](crate::store::Store::settle)
    pub(super) async fn settle(&self, seed: Seed) -> Result<Identity, Error> {
        let Seed { identity, site, keys } = seed;
        let secret = data_encoding::HEXLOWER.encode(&identity.secret);
        let schema =
            Schema { schema: SCHEMA, store_id: identity.store_id, secret, beginning: Some(Beginning { site, keys }) };
        let mut first = Plan::without_head(self.names.schema());
        first.expect_absent(String::new());
        first.set(String::new(), json(&schema)?);
        self.try_commit(None, &first).await?;
        self.identity().await?.ok_or_else(|| Error::Unavailable("the store was emptied while it was made".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_works_on_its_schema_and_on_the_one_before() {
        assert!(runs_on(SCHEMA) && runs_on(SCHEMA - 1));
        assert!(!runs_on(SCHEMA + 1) && !runs_on(u32::MAX));
    }
}
