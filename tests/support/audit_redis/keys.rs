//! API keys: their records, their order, and whose each is by the list of all.

use std::collections::BTreeSet;

use moderato::domain::ApiKey;

use super::{Audit, Keys, sort_key, starting};

impl Audit {
    pub(super) fn api_keys(&mut self, owner: &str, keys: &Keys) {
        let mut said = BTreeSet::new();
        for (name, value) in starting(keys, "k:") {
            let key: ApiKey = match serde_json::from_slice(value) {
                Ok(key) => key,
                Err(why) => {
                    self.faults.push(format!("{name}: cannot be read: {why}"));
                    continue;
                }
            };
            let id = key.id.as_str();
            said.insert([&sort_key(key.created_at.millis())[..], id.as_bytes()].concat());
            self.demand(name == format!("k:{id}"), || format!("{name}: the record is of {id}"));
            self.demand(key.site.as_ref().map_or("", |site| site.as_str()) == owner, || format!("{name}: another's"));
            self.demand(self.owners.get(id).is_some_and(|listed| listed == owner), || format!("{name}: not listed"));
        }
        let kept = keys.indexes.get("k").cloned().unwrap_or_default();
        self.demand(kept == said, || format!("API keys: {kept:?}, the records say {said:?}"));
    }
}
