//! Lists of comments: one index is read in the query's order, every condition is tested on the records read.

use std::cmp::Ordering;

use super::base::{Base, Bytes};
use super::keys::{self, Index, Prefix};
use super::packed;
use super::places;
use crate::domain::{
    self, Comment, CommentRef, ListQuery, MAX_READ, MAX_READ_BYTES, Page, Position, SiteId, Sort, Status,
};
use crate::store::Error;

/// The most records that are read at once.
const CHUNK: usize = 100;

/// How many are read first, while nobody knows how long they are.
const FIRST: usize = 25;

/// How many bytes a further read aims at: by the mean of the records before, which may be of a few hundred bytes or of a thousand
/// times as many.
const STEP_BYTES: usize = 4 << 20;

impl Base {
    /// [`Store::list`](crate::store::Store::list)
    pub(super) async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        self.read_head(site).await?;
        let mut walk = match query.index() {
            domain::Index::External(id) => return self.list_one(site, query, &CommentRef::External(id.clone())).await,
            domain::Index::Queue => Walk::over(vec![Index::Queue], query),
            domain::Index::Post(post) => Walk::over(vec![Index::Post(post.to_owned())], query),
            domain::Index::Author(author) => Walk::over(vec![Index::Author(*author)], query),
            domain::Index::Status(status) => Walk::over(vec![Index::Status(status)], query),
            domain::Index::All => Walk::over(Status::ALL.map(Index::Status).to_vec(), query),
        };
        let prefix = self.names.site(site);
        let (mut page, mut read, mut bytes) =
            (Page { items: Vec::new(), next: query.after, damaged: Vec::new() }, 0, 0);
        let mut step = FIRST;
        loop {
            let wanted = step.min(MAX_READ + 1 - read).min(query.limit.saturating_sub(page.items.len()) + 1);
            let positions = walk.next(self, &prefix, wanted).await?;
            if positions.is_empty() {
                return Ok(Page { next: None, ..page });
            }
            let names: Vec<String> = positions.iter().map(|position| keys::comment(position.id)).collect();
            let records = self.values(&prefix, &names).await?;
            step = step_after(&records);
            for (position, record) in positions.iter().zip(records) {
                // One record more than is read tells whether the index ends here.
                if read == MAX_READ || bytes >= MAX_READ_BYTES || page.items.len() >= query.limit {
                    return Ok(page);
                }
                // One that went between the two reads is in no list any more.
                let Some(record) = record else { continue };
                page.next = Some(*position);
                read += 1;
                match packed::comment(position.id, &record) {
                    // One that has moved in this order since its place was read stands elsewhere now.
                    Ok(comment) if query.position(&comment) != Some(*position) => {}
                    Ok(comment) => {
                        bytes += ListQuery::weight(&comment);
                        if query.filter.accepts(&comment) {
                            page.items.push(comment);
                        }
                    }
                    // One damaged record must not hide all others; whoever reads the log can erase it by its id.
                    Err(Error::Damaged(why)) => {
                        tracing::error!("left out of a list: {why}");
                        page.damaged.push(position.id);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn list_one(&self, site: &SiteId, query: &ListQuery, comment: &CommentRef) -> Result<Page<Comment>, Error> {
        let mut page = Page { items: Vec::new(), next: None, damaged: Vec::new() };
        let found = match self.find(site, comment).await {
            Err(Error::Damaged(why)) => {
                tracing::error!("left out of a list: {why}");
                if let CommentRef::External(id) = comment {
                    page.damaged.extend(self.id_of(site, &keys::external(id)).await?);
                }
                return Ok(page);
            }
            found => found?,
        };
        let Some(comment) = found.map(|found| found.comment) else { return Ok(page) };
        let beyond = |position: Position| match query.after {
            None => true,
            Some(after) if query.sort == Sort::Newest => position < after,
            Some(after) => position > after,
        };
        if query.position(&comment).is_some_and(beyond) && query.filter.accepts(&comment) && query.limit > 0 {
            page.items.push(comment);
        }
        Ok(page)
    }

    /// Members of an index beyond a position, in one direction; fewer than asked for only at the end. One that nobody of us wrote
    /// is passed over.
    pub(super) async fn members(
        &self,
        prefix: &Prefix,
        index: &Index,
        (after, newest_first): (Option<Position>, bool),
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let beyond = |member: &[u8]| [b"(", member].concat();
        let (start, end) = if newest_first { ("+", "-") } else { ("-", "+") };
        let after = after.map(|position| beyond(&places::member(position.key, position.id)));
        let (mut from, mut found) = (after.unwrap_or_else(|| start.as_bytes().to_vec()), Vec::new());
        let mut wanted = limit;
        loop {
            let mut question = redis::cmd("ZRANGE");
            question.arg(prefix.key(&index.name())).arg(from).arg(end).arg("BYLEX");
            if newest_first {
                question.arg("REV");
            }
            question.arg("LIMIT").arg(0).arg(wanted);
            let members: Vec<Vec<u8>> = self.ask(question).await?;
            found.extend(members.iter().filter_map(|member| places::position(member)));
            found.truncate(limit);
            match members.last() {
                // How many strange ones follow nobody knows: they are not passed over one by one.
                Some(last) if members.len() == wanted && found.len() < limit => {
                    (from, wanted) = (beyond(last), CHUNK.max(limit - found.len()));
                }
                _ => return Ok(found),
            }
        }
    }
}

/// How many records to read after these.
fn step_after(records: &[Bytes]) -> usize {
    let weight: usize = records.iter().flatten().map(Vec::len).sum();
    (STEP_BYTES / weight.div_ceil(records.len().max(1)).max(1)).clamp(1, CHUNK)
}

/// A walk through indexes in one order, merged.
struct Walk {
    parts: Vec<Part>,
    newest_first: bool,
}

struct Part {
    index: Index,
    after: Option<Position>,
    /// Read and not yet given, the next one last.
    ahead: Vec<Position>,
    ended: bool,
}

impl Walk {
    fn over(indexes: Vec<Index>, query: &ListQuery) -> Self {
        let part = |index| Part { index, after: query.after, ahead: Vec::new(), ended: false };
        Self { parts: indexes.into_iter().map(part).collect(), newest_first: query.sort == Sort::Newest }
    }

    /// The next positions, at most so many; fewer only at the end.
    async fn next(&mut self, base: &Base, prefix: &Prefix, most: usize) -> Result<Vec<Position>, Error> {
        let mut positions = Vec::with_capacity(most);
        while positions.len() < most {
            for part in &mut self.parts {
                if part.ahead.is_empty() && !part.ended {
                    let asked = most - positions.len();
                    let order = (part.after, self.newest_first);
                    let mut found = base.members(prefix, &part.index, order, asked).await?;
                    part.ended = found.len() < asked;
                    part.after = found.last().copied().or(part.after);
                    found.reverse();
                    part.ahead = found;
                }
            }
            let newest_first = self.newest_first;
            let order = |one: &Position, other: &Position| if newest_first { other.cmp(one) } else { one.cmp(other) };
            let first = |one: &&mut Part, other: &&mut Part| match (one.ahead.last(), other.ahead.last()) {
                (Some(one), Some(other)) => order(one, other),
                (None, None) => Ordering::Equal,
                (one, _) => {
                    if one.is_none() {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
            };
            match self.parts.iter_mut().min_by(first).and_then(|part| part.ahead.pop()) {
                Some(position) => positions.push(position),
                None => break,
            }
        }
        Ok(positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_records_are_read_few_at_a_time() {
        let step = |length: usize| step_after(&[Some(vec![0; length]), None, Some(vec![0; length])]);
        assert_eq!((step(0), step(300), step(5 << 20)), (CHUNK, CHUNK, 1));
        for length in [100_000, 600 << 10] {
            let step = step(length);
            assert!((2..CHUNK).contains(&step) && step * length * 2 / 3 <= STEP_BYTES, "{step} of {length}");
        }
    }
}
