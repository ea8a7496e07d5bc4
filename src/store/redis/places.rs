//! The indexes a comment or a tombstone stands in, and under which member: derived from the record, and from nothing else.

use super::keys::Index;
use crate::domain::{Comment, CommentId, Position, Review, Status, Timestamp, Tombstone};

/// A place in an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) index: Index,
    pub(super) member: Vec<u8>,
}

/// The bytes of a sort key: in their order, smaller numbers come first, negative ones too.
pub(super) fn sort_key(key: i64) -> [u8; 8] {
    key.wrapping_sub(i64::MIN).to_be_bytes()
}

/// A member that stands by this number, and by the id where numbers are equal.
pub(super) fn member(key: i64, id: CommentId) -> Vec<u8> {
    [&sort_key(key)[..], id.as_bytes()].concat()
}

/// What a member says; `None` for one that nobody of us wrote.
pub(super) fn position(member: &[u8]) -> Option<Position> {
    let (key, id) = member.split_at_checked(8)?;
    let key = i64::from_be_bytes(key.try_into().ok()?).wrapping_add(i64::MIN);
    Some(Position { key, id: CommentId::from_bytes(id.try_into().ok()?) })
}

/// Where a comment stands.
pub(super) fn of_comment(comment: &Comment) -> Vec<Place> {
    let at = |index: Index, key: i64| Place { index, member: member(key, comment.id) };
    let written = |index: Index| at(index, comment.written_at.millis());
    let mut places = vec![
        written(Index::Status(comment.status)),
        written(Index::Post(comment.submission.post.id.to_string())),
        at(age(comment), comment.changed_at.millis()),
    ];
    if let Review::Open { priority, .. } = comment.review {
        places.push(at(Index::Queue, priority));
    }
    places.extend(comment.authors().into_iter().flatten().map(|author| written(Index::Author(author))));
    places.extend(comment.campaigns().into_iter().map(|campaign| written(Index::Campaign(campaign))));
    places.extend(comment.quoted().map(|name| written(Index::Replies(name))));
    if comment.has_whole_address() {
        places.push(at(Index::Address, comment.received_at.millis()));
    }
    places
}

/// Where a tombstone stands.
pub(super) fn of_tombstone(tombstone: &Tombstone) -> Vec<Place> {
    let at = |index: Index, at: Timestamp| Place { index, member: member(at.millis(), tombstone.id) };
    let epoch = Timestamp::from_millis(0);
    let mut places = vec![at(Index::Tombstones, epoch), at(Index::TombstoneAge, tombstone.erased_at)];
    let [author, mail] = tombstone.authors;
    let mail = mail.filter(|mail| author != Some(*mail));
    places.extend([author, mail].into_iter().flatten().map(|author| at(Index::TombstoneAuthor(author), epoch)));
    places
}

/// What must be removed, and what added, so that the places `was` become `is`.
pub(super) fn difference(was: &[Place], is: &[Place]) -> (Vec<Place>, Vec<Place>) {
    let without = |from: &[Place], other: &[Place]| {
        from.iter().filter(|place| !other.contains(place)).cloned().collect::<Vec<_>>()
    };
    (without(was, is), without(is, was))
}

fn age(comment: &Comment) -> Index {
    match (comment.status, comment.review.is_open()) {
        (Status::Held, false) => Index::Withdrawn,
        (status, _) => Index::Age(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_of_their_numbers() {
        let id = CommentId::from_bytes([7; 16]);
        let numbers = [i64::MIN, -1_000, -1, 0, 1, 255, 256, 1_795_381_105_123, i64::MAX];
        let members = numbers.map(|number| member(number, id));
        assert!(members.is_sorted());
        let back = members.map(|member| position(&member).unwrap());
        assert_eq!(back.map(|position| position.key), numbers);
        assert_eq!(position(b"short"), None);
    }
}
