//! Lists of comments: one index is read in the query's order, every condition is tested on the records read.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::fault::Fault;
use super::packed::comment_at;
use super::sites;
use crate::domain::{
    Comment, CommentId, Index, ListQuery, MAX_READ, MAX_READ_BYTES, Page, Position, SiteId, Sort, Status,
};
use crate::store::Error;

/// [`Store::list`](crate::store::Store::list)
pub(super) fn list(tx: &Connection, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Fault> {
    let site = sites::find(tx, site)?;
    let Scan { sql, values } = Scan::of(query, site.number);
    let mut find = tx.prepare_cached(&sql)?;
    let mut rows = find.query(params_from_iter(values))?;
    let (mut items, mut damaged, mut last, mut read, mut bytes) = (Vec::new(), Vec::new(), query.after, 0, 0);
    while let Some(row) = rows.next()? {
        // One row more than is read tells whether the index ends here.
        if read == MAX_READ || bytes >= MAX_READ_BYTES || items.len() >= query.limit {
            return Ok(Page { items, next: last, damaged });
        }
        let id = CommentId::from_bytes(row.get(1)?);
        last = Some(Position { key: row.get(0)?, id });
        read += 1;
        let comment = comment_at(row, 1);
        bytes += comment.as_ref().map_or(0, ListQuery::weight);
        match comment {
            Ok(comment) if query.filter.accepts(&comment) => items.push(comment),
            Ok(_) => {}
            // One damaged record must not hide all others; whoever reads the log can erase it by its id.
            Err(Fault::Answer(Error::Damaged(why))) => {
                tracing::error!("left out of a list: {why}");
                damaged.push(id);
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(Page { items, next: None, damaged })
}

/// A statement that reads one index from a position on, with its values.
struct Scan {
    sql: String,
    values: Vec<Value>,
}

impl Scan {
    fn of(query: &ListQuery, site: i64) -> Self {
        let key = if query.sort == Sort::Priority { "priority" } else { "written_at" };
        let (beyond, direction) = if query.sort == Sort::Newest { ("<", "DESC") } else { (">", "ASC") };
        let mut values = vec![Value::from(site)];
        let part = match query.index() {
            Index::External(id) => {
                values.push(Value::from(id.as_str().to_owned()));
                if query.sort == Sort::Priority {
                    "external_id = ?2 AND priority IS NOT NULL"
                } else {
                    "external_id = ?2"
                }
            }
            Index::Queue => "priority IS NOT NULL",
            Index::Post(post) => {
                values.push(Value::from(post.to_owned()));
                "post = ?2"
            }
            Index::Author(author) => {
                values.push(Value::from(author.as_bytes().to_vec()));
                "author = ?2"
            }
            Index::Campaign(campaign) => {
                values.push(Value::from(campaign.to_string()));
                "campaign = ?2"
            }
            Index::Status(status) => {
                values.push(Value::from(status.as_str().to_owned()));
                "status = ?2"
            }
            // Not bound: one part for each status.
            Index::All => "",
        };
        let mut from = String::new();
        if let Some(Position { key: place, id }) = query.after {
            let first = values.len() + 1;
            from = format!(" AND ({key}, id) {beyond} (?{first}, ?{})", first + 1);
            values.extend([Value::from(place), Value::from(id.as_bytes().to_vec())]);
        }
        let select = |part: &str| match query.index() {
            // In the order of the campaign's rows, each with its comment.
            Index::Campaign(_) => format!(
                "SELECT g.{key}, g.id, crc, packed FROM (SELECT * FROM campaigns WHERE site = ?1 AND {part}{from}) AS g
                   JOIN comments ON n = g.comment"
            ),
            _ => format!("SELECT {key}, id, crc, packed FROM comments WHERE site = ?1 AND {part}{from}"),
        };
        // Ordered parts, which SQLite merges.
        let body = match query.index() {
            Index::All => {
                Status::ALL.map(|status| select(&format!("status = '{}'", status.as_str()))).join(" UNION ALL ")
            }
            Index::Author(_) => [part, "mail = ?2"].map(select).join(" UNION ALL "),
            _ => select(part),
        };
        Self { sql: format!("{body} ORDER BY 1 {direction}, 2 {direction}"), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AuthorId, ExternalId, Filter, Timestamp};

    #[test]
    fn every_list_reads_an_index_in_order_and_sorts_nothing() {
        let connections = crate::store::embedded::open::in_memory().unwrap();
        let connection = connections.writer.lock().unwrap();
        let author = Some(AuthorId::new([1; 16]));
        let filters = [
            Filter::default(),
            Filter { status: Some(Status::Held), ..Filter::default() },
            Filter { post: Some("1".to_owned()), ..Filter::default() },
            Filter { author, ..Filter::default() },
            Filter { campaign: "near-0123456789abcdef".parse().ok(), ..Filter::default() },
            Filter { external_id: ExternalId::try_from("1".to_owned()).ok(), ..Filter::default() },
        ];
        let after = Some(Position { key: 5, id: CommentId::new(Timestamp::from_millis(5), [1; 10]) });
        for filter in filters {
            for (sort, after) in
                [(Sort::Newest, None), (Sort::Newest, after), (Sort::Oldest, after), (Sort::Priority, after)]
            {
                let query = ListQuery { filter: filter.clone(), sort, after, limit: 1 };
                let Scan { sql, values } = Scan::of(&query, 1);
                let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let steps = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
                let plan: Vec<String> = steps.map(Result::unwrap).collect();
                let orderly = plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE"));
                assert!(orderly, "{query:?}: {plan:?}");
                // What can be one comment only has no place to go on from.
                let is_one = matches!(query.index(), Index::External(_));
                let reads_place = after.is_none()
                    || is_one
                    || plan.iter().any(|step| step.contains("<(?,?)") || step.contains(">(?,?)"));
                assert!(reads_place, "{query:?}: {plan:?}");
            }
        }
    }
}
