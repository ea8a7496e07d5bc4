//! What Redis tells of itself.

use std::collections::BTreeMap;

use ::redis::Commands;

/// Redis, asked beside everybody else.
pub struct Statistics {
    connection: ::redis::Connection,
}

impl Statistics {
    pub fn of(url: &str) -> Self {
        Self { connection: ::redis::Client::open(url).unwrap().get_connection().unwrap() }
    }

    /// The process of the server.
    pub fn pid(&mut self) -> u32 {
        self.number("server", "process_id") as u32
    }

    /// Bytes of everything that is kept.
    pub fn used_memory(&mut self) -> u64 {
        self.number("memory", "used_memory")
    }

    /// Bytes of all keys, by what their names begin with behind the site. An `a:<author>` is of the family `a`.
    pub fn memory_by_family(&mut self) -> BTreeMap<String, u64> {
        let names: Vec<String> = self.connection.scan::<String>().unwrap().map(Result::unwrap).collect();
        let mut families = BTreeMap::new();
        for some in names.chunks(1_000) {
            let mut asked = ::redis::pipe();
            for name in some {
                asked.cmd("MEMORY").arg(&["USAGE", name, "SAMPLES", "0"]);
            }
            let bytes: Vec<Option<u64>> = asked.query(&mut self.connection).unwrap();
            for (name, bytes) in some.iter().zip(bytes) {
                let behind = name.split_once("}:").map_or(name.as_str(), |(_, behind)| behind);
                let family = match behind.split_once(':') {
                    Some(("h", entry)) => format!("h:{}", entry.split(':').next().unwrap_or_default()),
                    Some((family, _)) => family.to_owned(),
                    None => behind.to_owned(),
                };
                *families.entry(family).or_default() += bytes.unwrap_or(0);
            }
        }
        families
    }

    /// Counts anew.
    pub fn reset(&mut self) {
        ::redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut self.connection).unwrap();
    }

    /// Calls and microseconds of each command since then.
    pub fn commands(&mut self) -> BTreeMap<String, (u64, u64)> {
        let info: String = ::redis::cmd("INFO").arg("commandstats").query(&mut self.connection).unwrap();
        let of_line = |line: &str| {
            let (name, values) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let value = |key: &str| values.split(',').find_map(|pair| pair.strip_prefix(key)?.parse().ok());
            Some((name.to_owned(), (value("calls=")?, value("usec=")?)))
        };
        info.lines().filter_map(of_line).collect()
    }

    fn number(&mut self, section: &str, name: &str) -> u64 {
        let info: String = ::redis::cmd("INFO").arg(section).query(&mut self.connection).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap().trim().parse().unwrap()
    }
}
