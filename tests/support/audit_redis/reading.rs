//! Reads all keys that begin as a store's do, into the sites that they are of.

use ::redis::{Commands, Connection, FromRedisValue};

use super::Audit;

impl Audit {
    pub(super) fn read(&mut self, connection: &mut Connection, prefix: &str) -> ::redis::RedisResult<()> {
        let names: Vec<Vec<u8>> = connection.scan_match(format!("{prefix}*"))?.collect::<Result<_, _>>()?;
        for key in names {
            let kind: String = ::redis::cmd("TYPE").arg(&key).query(connection)?;
            let Ok(text) = String::from_utf8(key.clone()) else {
                self.faults.push(format!("a key is no text: {key:?}"));
                continue;
            };
            let rest = &text[prefix.len()..];
            let site = rest.strip_prefix('{').and_then(|rest| rest.split_once("}:"));
            match (rest, site, kind.as_str()) {
                // What is written before replicas are waited for.
                (_, Some((_, "w")), "string") => {}
                ("sites", _, "hash") => self.sites = connection.hgetall(&key)?,
                ("keys", _, "hash") => self.owners = connection.hgetall(&key)?,
                ("schema", _, "string") => {
                    let schema: Vec<u8> = connection.get(&key)?;
                    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap_or_default();
                    self.store_id = schema["store_id"].as_str().map(str::to_owned);
                }
                (_, Some((site, name)), kind) => {
                    let keys = self.of_site.entry(site.to_owned()).or_default();
                    match (name, kind) {
                        ("e", "stream") => {
                            for (id, fields) in entries(connection, &key)? {
                                match (id.parse(), &fields[..]) {
                                    (Ok(id), [field, event]) if field == b"e" => keys.feed.push((id, event.clone())),
                                    _ => self.faults.push(format!("{text}: entry {id} has {} fields", fields.len())),
                                }
                            }
                        }
                        ("n:log", "stream") => keys.lessons = entries(connection, &key)?,
                        (_, "string") => {
                            // One that passes may be gone by now.
                            if let Some(value) = connection.get(&key)? {
                                keys.texts.insert(name.to_owned(), value);
                            }
                        }
                        (_, "zset") => {
                            let members: Vec<(Vec<u8>, f64)> = connection.zrange_withscores(&key, 0, -1)?;
                            let scored = members.iter().filter(|(_, score)| *score != 0.0).count();
                            if scored > 0 {
                                self.faults.push(format!("{text}: {scored} members have another score than 0"));
                            }
                            keys.indexes.insert(name.to_owned(), members.into_iter().map(|(it, _)| it).collect());
                        }
                        (_, "none") => {}
                        _ => self.faults.push(format!("{text}: a {kind} is in the place")),
                    }
                }
                _ => self.faults.push(format!("{text}: nobody knows this key")),
            }
        }
        Ok(())
    }
}

/// The entries of a stream: their ids, and names and values of their fields in turn.
fn entries(connection: &mut Connection, key: &[u8]) -> ::redis::RedisResult<Vec<(String, Vec<Vec<u8>>)>> {
    let entries = ::redis::cmd("XRANGE").arg(key).arg("-").arg("+").query::<::redis::Value>(connection)?;
    Ok(Vec::from_redis_value(entries)?)
}
