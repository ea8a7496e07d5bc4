//! Authors: found by what somebody knows of them, shown, taken along, forgotten.

use super::{Error, Service};
use crate::domain::{
    Account, AuthorId, AuthorStanding, Comment, CommentRef, Filter, ListQuery, Page, Position, SiteId,
};
use crate::domain::{Email, Sort};
use crate::screening::mail_of;

/// What somebody knows of an author.
#[derive(Clone, Debug)]
pub enum AuthorName {
    /// Their e-mail address, as they typed it.
    Email(Email),
    /// The account they signed in with; whether it was verified does not matter.
    Account(Account),
    /// A comment of theirs.
    Comment(CommentRef),
}

impl Service {
    /// The author's token, if the site knows anything of them.
    pub async fn find_author(&self, site: &SiteId, name: AuthorName) -> Result<AuthorId, Error> {
        let author = match name {
            AuthorName::Email(typed) => mail_of(&typed).map(|mail| self.mail_token(&mail)).transpose()?,
            AuthorName::Account(account) => Some(self.account_token(&account.provider, &account.id)?),
            AuthorName::Comment(comment) => {
                return self.comment(site, &comment).await?.author_id.ok_or(Error::NamelessAuthor);
            }
        };
        let author = author.ok_or(Error::UnknownAuthor)?;
        self.author(site, author).await.map(|_| author)
    }

    /// How an author stands with a site.
    pub async fn author(&self, site: &SiteId, author: AuthorId) -> Result<AuthorStanding, Error> {
        self.store.author(site, author, self.clock.now()).await?.ok_or(Error::UnknownAuthor)
    }

    /// A page of everything an author wrote, in the order of writing, from a position on.
    pub async fn comments_of(
        &self,
        site: &SiteId,
        author: AuthorId,
        (after, limit): (Option<Position>, usize),
    ) -> Result<Page<Comment>, Error> {
        let filter = Filter { author: Some(author), ..Filter::default() };
        self.list(site, &ListQuery { filter, sort: Sort::Oldest, after, limit }).await
    }

    /// Erases everything of an author that the site has, and answers how many comments that were. A comment of theirs that
    /// comes in meanwhile goes too, or is a new author's.
    pub async fn forget_author(&self, site: &SiteId, author: AuthorId) -> Result<usize, Error> {
        self.author(site, author).await?;
        let mut comments = 0;
        loop {
            let step = self.store.forget(site, author, self.clock.now()).await?;
            comments += step.comments;
            if !step.more {
                return Ok(comments);
            }
        }
    }
}
