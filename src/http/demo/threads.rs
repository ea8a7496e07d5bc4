//! The approved comments of the post, each with its replies below it.

use std::collections::HashMap;

use crate::domain::{Comment, CommentId, Filter, ListQuery, SiteId, Sort, Status};
use crate::service::{Error, Service};

/// How many comments that answer none are shown: the newest.
const MOST_ROOTS: usize = 50;

/// How deep a reply is shown; what answers a reply that deep stands beside it.
const DEPTH: usize = 3;

/// How many comments a list is asked for, and how often.
const PAGE: usize = 100;
const PAGES: usize = 3;

/// How many bytes of text are shown: the newest comments that have no more, and one at least.
const TEXT_BYTES: usize = 256 * 1024;

/// Comments with their replies.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// Those that answer none, oldest first.
    pub roots: Vec<Node>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A comment with its replies, oldest first.
#[derive(Debug)]
pub(super) struct Node {
    pub comment: Comment,
    pub replies: Vec<Node>,
}

impl Threads {
    /// Reads the newest comments that readers see.
    pub async fn read(service: &Service, site: &SiteId, post: &str) -> Result<Self, Error> {
        let filter = Filter { status: Some(Status::Approved), post: Some(post.to_owned()), ..Filter::default() };
        let mut query = ListQuery { filter, sort: Sort::Newest, after: None, limit: PAGE };
        let mut newest_first: Vec<Comment> = Vec::new();
        let mut bytes = 0;
        for _ in 0..PAGES {
            let page = service.list(site, &query).await?;
            for comment in page.items.into_iter().filter(|comment| comment.withdrawn_at.is_none()) {
                bytes += comment.submission.content.len();
                if bytes > TEXT_BYTES && !newest_first.is_empty() {
                    return Ok(Self::of(newest_first, true));
                }
                newest_first.push(comment);
            }
            query.after = page.next;
            if page.next.is_none() {
                break;
            }
        }
        Ok(Self::of(newest_first, query.after.is_some()))
    }

    /// How many comments there are in all.
    pub fn count(&self) -> usize {
        fn below(nodes: &[Node]) -> usize {
            nodes.iter().map(|node| 1 + below(&node.replies)).sum()
        }
        below(&self.roots)
    }

    /// Puts replies below what they answer. What answers a comment that is not shown, or not yet, answers none.
    fn of(mut comments: Vec<Comment>, more: bool) -> Self {
        comments.reverse();
        // Of each comment: what it is shown below, and how deep. Only earlier ones are ever above it, so there are no circles.
        let mut placed: HashMap<CommentId, (Option<CommentId>, usize)> = HashMap::new();
        for comment in &comments {
            let answered = comment.submission.parent.as_ref().and_then(|parent| parent.id);
            let place = match answered.and_then(|id| placed.get(&id).map(|above| (id, *above))) {
                Some((id, (_, depth))) if depth < DEPTH => (Some(id), depth + 1),
                Some((_, (above, depth))) => (above, depth),
                None => (None, 1),
            };
            placed.insert(comment.id, place);
        }
        // From the last to the first, so that every comment has its replies before it becomes one itself.
        let mut waiting: HashMap<CommentId, Vec<Node>> = HashMap::new();
        let mut roots = Vec::new();
        for comment in comments.into_iter().rev() {
            let mut replies = waiting.remove(&comment.id).unwrap_or_default();
            replies.reverse();
            let above = placed.get(&comment.id).and_then(|(above, _)| *above);
            match above {
                Some(above) => waiting.entry(above).or_default().push(Node { comment, replies }),
                None => roots.push(Node { comment, replies }),
            }
        }
        let more = more || roots.len() > MOST_ROOTS;
        roots.truncate(MOST_ROOTS);
        roots.reverse();
        Self { roots, more }
    }
}
