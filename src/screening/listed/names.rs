//! Names of hosts, each with all below it, and e-mail addresses.

use std::collections::HashMap;

/// Names, compiled.
#[derive(Default)]
pub struct Names {
    /// The first entry of each name.
    first: HashMap<Box<str>, u32>,
    /// Further entries of a name, by its first one.
    more: HashMap<u32, Vec<u32>>,
}

impl Names {
    /// Adds the name of an entry: a host in ASCII, or an address at one.
    pub fn put(&mut self, name: String, entry: u32) {
        match self.first.get(name.as_str()) {
            Some(&first) => self.more.entry(first).or_default().push(entry),
            None => drop(self.first.insert(name.into(), entry)),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The entries of this very name.
    pub fn of(&self, name: &str) -> impl Iterator<Item = u32> {
        let first = self.first.get(name).copied();
        let more = first.and_then(|first| self.more.get(&first)).into_iter().flatten().copied();
        first.into_iter().chain(more)
    }

    /// The entries of a host and of all above it.
    pub fn above(&self, host: &str) -> impl Iterator<Item = u32> {
        let hosts = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, above)| above));
        hosts.flat_map(|host| self.of(host))
    }

    /// How many bytes it takes, about: the table has a control byte for each place, of which an eighth or more is empty, and an
    /// allocation takes 16 bytes beside what is in it at most.
    pub fn bytes(&self) -> usize {
        let place = size_of::<(Box<str>, u32)>() + 1;
        let names: usize = self.first.keys().map(|name| name.len() + 16).sum();
        self.first.capacity() * place * 8 / 7 + names + self.more.len() * 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_with_all_below_it() {
        let mut names = Names::default();
        for (entry, name) in (0..).zip(["shop.example", "zip", "shop.example", "xn--bcher-kva.example"]) {
            names.put(name.to_owned(), entry);
        }
        let found = |host: &str| names.above(host).collect::<Vec<_>>();
        assert_eq!(found("shop.example"), [0, 2]);
        assert_eq!(found("a.b.shop.example"), [0, 2]);
        assert_eq!(found("myshop.example"), Vec::<u32>::new());
        assert_eq!(found("example"), Vec::<u32>::new());
        assert_eq!(found("files.zip"), [1]);
        assert_eq!(found("www.xn--bcher-kva.example"), [3]);
        assert_eq!(names.of("www.shop.example").count(), 0);
    }
}
