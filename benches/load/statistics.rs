//! What Redis tells of itself.

use std::collections::BTreeMap;

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

    /// Bytes of one key.
    pub fn memory_of(&mut self, key: &str) -> u64 {
        ::redis::cmd("MEMORY").arg(&["USAGE", key, "SAMPLES", "0"]).query(&mut self.connection).unwrap_or(0)
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
