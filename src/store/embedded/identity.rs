//! Who the store is, and what an empty one begins with.

use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::keys;
use super::sites;
use crate::store::{Identity, Seed};

/// [`Store::identity`](crate::store::Store::identity)
pub(super) fn identity(tx: &Connection) -> Result<Option<Identity>, Fault> {
    let mut find = tx.prepare_cached("SELECT store_id, secret FROM meta")?;
    let found = find.query_row([], |row| Ok(Identity { store_id: row.get(0)?, secret: row.get(1)? }));
    Ok(found.optional()?)
}

/// [`Store::settle`](crate::store::Store::settle)
pub(super) fn settle(tx: &Connection, seed: &Seed) -> Result<Identity, Fault> {
    if let Some(identity) = identity(tx)? {
        return Ok(identity);
    }
    let Identity { store_id, secret } = &seed.identity;
    tx.execute("INSERT INTO meta (one, store_id, secret) VALUES (1, ?1, ?2)", (store_id, secret))?;
    sites::create(tx, &seed.site)?;
    for key in &seed.keys {
        keys::create(tx, key)?;
    }
    Ok(seed.identity.clone())
}
