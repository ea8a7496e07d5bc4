//! The history: what it says of authors and texts, against what the records say was counted.

use std::collections::BTreeMap;

use moderato::domain::{Counted, HistoryKind, MAX_MEMBERS, Period, Timestamp};

use super::{Audit, Contents, Keys, starting};

/// An entry as it is kept.
struct Entry {
    /// What was seen, approved, spam and abuse in each period.
    periods: Vec<(u32, [u64; 4])>,
    members: Vec<(u32, u64)>,
}

impl Entry {
    /// Reads `<period>:<seen>,<approved>,<spam>,<abuse>;…|<member>:<uses>;…`; `None` if it is anything else.
    fn read(value: &[u8]) -> Option<Self> {
        let (periods, members) = std::str::from_utf8(value).ok()?.split_once('|')?;
        let period = |part: &str| {
            let (period, numbers) = part.split_once(':')?;
            let numbers = numbers.split(',').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
            Some((period.parse().ok()?, numbers.try_into().ok()?))
        };
        let member = |part: &str| {
            let (member, uses) = part.split_once(':')?;
            Some((member.parse().ok()?, uses.parse().ok()?))
        };
        let periods = parts(periods).map(period).collect::<Option<_>>()?;
        Some(Self { periods, members: parts(members).map(member).collect::<Option<_>>()? })
    }
}

impl Audit {
    pub(super) fn history(&mut self, keys: &Keys, head: &[u64; 8], contents: &Contents) {
        let mut sums: BTreeMap<(String, u32), [u64; 4]> = BTreeMap::new();
        let mut uses: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for counted in &contents.counted {
            let (name, tally) = (entry_of(counted), counted.tally);
            let sum = sums.entry((name.clone(), counted.period.0)).or_default();
            for (sum, part) in sum.iter_mut().zip([tally.seen, tally.approved, tally.spam, tally.abuse]) {
                *sum += u64::from(part);
            }
            if let Some(member) = counted.member {
                *uses.entry((name, member)).or_default() += 1;
            }
        }
        sums.retain(|_, sum| *sum != [0; 4]);
        let horizon = Timestamp::from_millis(i64::try_from(head[0]).unwrap_or(i64::MAX));
        let oldest = Period::of(horizon).oldest_kept().0;
        let mut kept_uses = BTreeMap::new();
        for (name, value) in starting(keys, "h:") {
            let Some(entry) = Entry::read(value) else {
                self.faults.push(format!("{name}: cannot be read: {}", String::from_utf8_lossy(value)));
                continue;
            };
            self.demand(value != b"|", || format!("{name}: nothing is in it"));
            for (period, kept) in &entry.periods {
                let sum = sums.remove(&(name.to_owned(), *period)).unwrap_or_default();
                self.demand(*kept == sum, || format!("{name} in {period}: {kept:?}, the records say {sum:?}"));
            }
            self.demand(entry.periods.is_sorted_by(|one, next| one.0 < next.0), || {
                format!("{name}: its periods are not in order")
            });
            self.demand(entry.members.len() <= MAX_MEMBERS, || format!("{name}: {} members", entry.members.len()));
            kept_uses.extend(entry.members.into_iter().map(|(member, uses)| ((name.to_owned(), member), uses)));
        }
        self.demand(kept_uses == uses, || format!("members: {kept_uses:?}, the records say {uses:?}"));
        for ((name, period), sum) in sums.iter().filter(|((_, period), _)| *period >= oldest) {
            self.faults.push(format!("{name} in {period}: missing, the records say {sum:?}"));
        }
    }
}

fn entry_of(counted: &Counted) -> String {
    let kind = match counted.key.kind {
        HistoryKind::Mail => 'm',
        HistoryKind::Account => 'a',
        HistoryKind::MailNet => 'n',
        HistoryKind::MailOwner => 'o',
        HistoryKind::Text => 't',
        HistoryKind::Owner => 'w',
        HistoryKind::Handle => 'c',
        HistoryKind::Net => 'i',
    };
    format!("h:{kind}:{}", data_encoding::HEXLOWER.encode(&counted.key.hash))
}

/// What stands between semicolons, which may also be at the end.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').filter(|part| !part.is_empty())
}
