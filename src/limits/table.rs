//! What limits remember: a table of bounded size.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::Clock as _;
use governor::nanos::Nanos;

use super::clock::LimitClock;
use crate::clock::Clock;

/// Parts of the table that are locked one by one. A place, and so a site, has room in one of them.
pub(super) const SHARDS: usize = 16;

/// After how long entries that no longer say anything are swept out.
const SWEEP_AFTER: u64 = 60_000_000_000;

/// The shortest time between two sweeps of a full shard, or a flood of new keys would cost a sweep each.
const SWEEP_AGAIN: u64 = 1_000_000_000;

/// For each key the moment (in nanoseconds of the clock) until which it has used up its quota: GCRA's theoretical arrival
/// time. An entry takes 17 bytes at most 16/7 times over.
pub(super) struct Table {
    clock: LimitClock,
    most: AtomicUsize,
    shards: [Mutex<Shard>; SHARDS],
}

/// Where something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    /// What shares its room: a site.
    pub place: u64,
    /// Its own.
    pub key: u64,
    /// That of all those of the place that find no room.
    pub overflow: u64,
}

#[derive(Default)]
struct Shard {
    cells: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
    swept_at: u64,
}

impl Table {
    /// A table for at most so many keys, of which one place has room for a sixteenth.
    pub fn new(most: usize, clock: Clock) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { clock: LimitClock::new(clock), most: AtomicUsize::new(most), shards }
    }

    /// Bounds the table anew; what is in it stays until it is swept out.
    pub fn set_most(&self, most: usize) {
        self.most.store(most, Relaxed);
    }

    /// The table's clock.
    pub fn clock(&self) -> &LimitClock {
        &self.clock
    }

    /// How many keys there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        (0..SHARDS as u64).map(|shard| self.shard(shard).cells.len()).sum()
    }

    /// What is known of a key. A key that finds no room is told what stands under its place's `overflow`.
    pub fn look(&self, Cell { place, key, overflow }: Cell) -> Option<u64> {
        let mut shard = self.shard(place);
        let known = shard.cells.get(&key).copied();
        if known.is_some() || self.has_room(&mut shard) {
            return known;
        }
        shard.cells.get(&overflow).copied()
    }

    /// Asks `decide` with what is known of a key, and keeps what it answers. All keys of a place that find no room share the
    /// cell `overflow`.
    pub fn measure<T, E>(
        &self,
        Cell { place, key, overflow }: Cell,
        decide: impl Fn(Option<u64>) -> Result<(T, u64), E>,
    ) -> Result<T, E> {
        let mut shard = self.shard(place);
        let has_place = shard.cells.contains_key(&key) || self.has_room(&mut shard);
        let cell = if has_place { key } else { overflow };
        let (answer, next) = decide(shard.cells.get(&cell).copied())?;
        shard.cells.insert(cell, next);
        Ok(answer)
    }

    fn has_room(&self, shard: &mut Shard) -> bool {
        let most = self.most.load(Relaxed) / SHARDS;
        let now = self.clock.now().as_u64();
        let since = now.saturating_sub(shard.swept_at);
        if since >= SWEEP_AFTER || (shard.cells.len() >= most && since >= SWEEP_AGAIN) {
            shard.sweep(now);
        }
        shard.cells.len() < most
    }

    /// A place has all its keys in one shard: whoever fills it leaves the others their room.
    fn shard(&self, place: u64) -> MutexGuard<'_, Shard> {
        let shard = usize::try_from(place % SHARDS as u64).unwrap_or(0);
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Forgets whoever is where a newcomer would be.
    fn sweep(&mut self, now: u64) {
        self.cells.retain(|_, until| *until > now);
        if self.cells.len() < self.cells.capacity() / 4 {
            self.cells.shrink_to(self.cells.len() * 2);
        }
        self.swept_at = now;
    }
}

/// The table as one limiter sees it. governor counts from the moment a limiter was made; the table, which outlives
/// limiters, from the clock's beginning.
pub(super) struct View {
    table: std::sync::Arc<Table>,
    made_at: u64,
    /// How far ahead of now this quota can be used up, in nanoseconds. What lies further ahead was written under another one,
    /// which is no longer in force, and says nothing.
    furthest: u64,
    access: Access,
}

/// What a look at the table does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// What passes is charged.
    Charge,
    /// Nothing is changed.
    Look,
}

impl View {
    /// A view for a limiter that is made now.
    pub fn new(table: &std::sync::Arc<Table>, furthest: u64, access: Access) -> Self {
        Self { made_at: table.clock.now().as_u64(), table: table.clone(), furthest, access }
    }
}

impl governor::state::StateStore for View {
    type Key = Cell;

    fn measure_and_replace<T, F, E>(&self, cell: &Cell, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let furthest = self.table.clock.now().as_u64().saturating_add(self.furthest);
        let decide = |until: Option<u64>| {
            let known = until.filter(|until| *until <= furthest);
            let known = known.map(|until| Nanos::from(until.saturating_sub(self.made_at)));
            decide(known).map(|(answer, next)| (answer, next.as_u64().saturating_add(self.made_at)))
        };
        match self.access {
            Access::Charge => self.table.measure(*cell, decide),
            Access::Look => decide(self.table.look(*cell)).map(|(answer, _)| answer),
        }
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        // The low bits choose the shard; the table inside it goes by the others.
        self.0 = hash.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn put(table: &Table, key: u64, until: u64) -> Option<u64> {
        let cell = Cell { place: 3, key, overflow: 0 };
        table.measure::<_, ()>(cell, |known| Ok((known, until))).unwrap()
    }

    #[test]
    fn a_full_table_sweeps_and_then_shares_one_cell() {
        let clock = Clock::manual(Timestamp::from_millis(1_000_000));
        let now = 1_000_000_000_000;
        let table = Table::new(32 * SHARDS, clock.clone());
        for key in 16..48 {
            assert_eq!(put(&table, key, now + 10_000_000_000), None);
        }
        assert_eq!(table.len(), 32);
        assert_eq!(put(&table, 64, now + 1), None);
        assert_eq!(put(&table, 65, now + 2), Some(now + 1), "the second newcomer meets the first in the shared cell");
        let newcomer = Cell { place: 3, key: 66, overflow: 0 };
        assert_eq!(table.look(newcomer), Some(now + 2));
        assert_eq!(table.look(Cell { place: 4, ..newcomer }), None, "another place has room of its own");
        assert_eq!(put(&table, 16, now + 3), Some(now + 10_000_000_000), "who is known keeps a cell of their own");
        assert_eq!(table.len(), 33);
        clock.advance(std::time::Duration::from_secs(11));
        assert_eq!(put(&table, 66, now + 20_000_000_000), None, "those who have waited are forgotten");
        assert!(table.len() < 33);
    }

    #[test]
    fn entries_that_say_nothing_are_forgotten_in_time() {
        let clock = Clock::manual(Timestamp::from_millis(1_000_000));
        let table = Table::new(1_600_000, clock.clone());
        for number in 0..100_000_u64 {
            // As even as the hashes that keys are.
            put(&table, number.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1_000_000_000_000 + 1);
        }
        clock.advance(std::time::Duration::from_secs(61));
        put(&table, 5, 2_000_000_000_000);
        assert_eq!(table.len(), 1);
    }
}
