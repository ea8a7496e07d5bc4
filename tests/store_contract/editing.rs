//! Edits: `edit`, by `Comment::edit`, with history, event and idempotency key in one step.

use moderato::domain::DecisionAction::{Approve, Reject, Reopen};
use moderato::domain::{
    Action, Bounded, Campaign, Content, Counted, Edit, EditRequest, EditedBy, EventChange, EventId, Features, Filter,
    HeldExpires, HistoryKind, Keep, ListQuery, MAX_MEMBERS, Reason, Refusal, Rejudged, Sort, Status, Tally,
};
use moderato::store::{Existing, Outcome, Recall, Store};

use crate::everywhere;
use crate::fixture::*;

const OLD: [Entry; 4] = [MAIL, NET, (HistoryKind::Text, 8, Some(44)), (HistoryKind::Owner, 3, Some(5))];
const NEW: [Entry; 4] = [MAIL, NET, (HistoryKind::Text, 9, Some(44)), (HistoryKind::Owner, 4, Some(5))];

type Entry = (HistoryKind, u8, Option<u32>);
const MAIL: Entry = (HistoryKind::Mail, 1, None);
const NET: Entry = (HistoryKind::MailNet, 1, None);

/// An edit at this second of a comment at this version, judged so, that leaves it counted in these entries.
pub fn edit(text: &str, version: u64, action: Action, (entries, seconds): (&[Entry], i64)) -> EditRequest {
    let like = match action {
        Action::Approve => approved(1),
        Action::Hold => held(1),
        Action::Reject => rejected(1),
    };
    let counted: Vec<Counted> = counted_in(received(like.clone(), seconds), entries).counted;
    EditRequest {
        edit: Edit { content: Some(Content::try_from(text.to_owned()).unwrap()), ..Edit::default() },
        by: EditedBy::Author,
        judged: Rejudged {
            features: Features::default(),
            verdict: like.verdict,
            history: like.history,
            hosts: vec!["new.example".to_owned()],
            counted,
            brings_more: true,
        },
        version,
        if_match: None,
        now: at(seconds),
    }
}

/// What is remembered of the mail address, its network, both texts and both owners: seen, approved, spam.
async fn sums(store: &dyn Store) -> Vec<(u32, u32, u32)> {
    let keys = [(HistoryKind::Mail, 1), (HistoryKind::MailNet, 1), (HistoryKind::Text, 8), (HistoryKind::Text, 9)];
    let owners = [(HistoryKind::Owner, 3), (HistoryKind::Owner, 4)];
    let mut sums = Vec::new();
    for (kind, hash) in keys.into_iter().chain(owners) {
        let ask = Recall { history: vec![entry(kind, hash)], now: at(500), ..ask(None, None) };
        let history = store.recall(&blog(), &ask).await.unwrap().history;
        let past = match kind {
            HistoryKind::Mail => history.mail,
            HistoryKind::MailNet => history.mail_net,
            HistoryKind::Text => history.text,
            _ => history.owners[0].clone(),
        };
        let Tally { seen, approved, spam, .. } = past.total(at(500));
        assert_eq!(past.members.is_empty(), seen == 0 || kind == HistoryKind::Mail || kind == HistoryKind::MailNet);
        sums.push((seen, approved, spam));
    }
    sums
}

async fn edited(store: &dyn Store, request: EditRequest) -> Outcome {
    store.edit(&blog(), &by_id(1), request, None).await.unwrap()
}

#[tokio::test]
async fn an_edit_moves_a_comment_from_campaign_to_campaign() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        changed(edited(store, edit("new", 1, Action::Hold, (&NEW, 10))).await);
        for (hash, expected) in [(8, 0), (9, 1)] {
            let campaign = Campaign::of(&entry(HistoryKind::Text, hash));
            let filter = Filter { campaign, ..Filter::default() };
            let query = ListQuery { filter, sort: Sort::Newest, after: None, limit: 10 };
            assert_eq!(store.list(&blog(), &query).await.unwrap().items.len(), expected, "{hash}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_edit_changes_text_status_queue_counts_and_history_together() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        let comment = changed(edited(store, edit("new", 1, Action::Hold, (&NEW, 10))).await);
        assert_eq!((&*comment.submission.content, comment.status, comment.version), ("new", Status::Held, 2));
        assert_eq!((comment.review.is_open(), comment.changed_at), (true, at(10)));
        assert_eq!(
            (comment.fingerprint.clone(), comment.hosts.as_slice()),
            (fingerprint(1), &["new.example".into()][..])
        );
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap(), Some(comment));
        let counts = store.counts(&blog()).await.unwrap();
        assert_eq!((counts.approved, counts.held, counts.open), (0, 1, 1));
        assert_eq!(sums(store).await, [(1, 0, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0)]);
        let events = store.events(&blog(), EventId::default(), 10).await.unwrap();
        let last = events.last().unwrap();
        assert_eq!(last.change, EventChange::Edited { edited_by: EditedBy::Author });
        assert_eq!((events.len(), last.version, last.status), (2, 2, Status::Held));
        assert_eq!(store.repair(&blog()).await.unwrap().corrected(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_of_the_author_stays_and_of_what_is_new_nobody_has_decided() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 5), None).await.unwrap());
        let comment = changed(edited(store, edit("new", 2, Action::Approve, (&NEW, 10))).await);
        assert_eq!((comment.status, comment.version, comment.decisions.len()), (Status::Approved, 3, 1));
        assert_eq!(sums(store).await, [(1, 1, 0), (0, 1, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0)]);
        // A person's word is of all that is there.
        changed(store.decide(&blog(), &by_id(1), of_actor(wish(Approve, 20), "ben"), None).await.unwrap());
        assert_eq!(sums(store).await, [(1, 1, 0), (0, 1, 0), (0, 0, 0), (1, 1, 0), (0, 0, 0), (1, 1, 0)]);
    })
    .await;
}

#[tokio::test]
async fn a_decision_that_an_edit_undid_teaches_nothing_and_can_be_made_again() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 5), None).await.unwrap());
        let comment = changed(edited(store, edit("new", 2, Action::Reject, (&NEW, 10))).await);
        assert_eq!((comment.status, comment.decisions.len()), (Status::Rejected, 1));
        assert_eq!(sums(store).await, [(1, 0, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0)]);
        // What the blog decided of the text before is no word on this one.
        let before = on_blog(of_actor(wish(Reject, 7), "admin"));
        let outcome = store.decide(&blog(), &by_id(1), before, None).await.unwrap();
        assert!(matches!(outcome, Outcome::Outdated(_)), "{outcome:?}");
        // The same person's same word is news, and nobody's older word stands in the way of another.
        let comment = changed(store.decide(&blog(), &by_id(1), wish(Approve, 20), None).await.unwrap());
        assert_eq!((comment.status, comment.version), (Status::Approved, 4));
        changed(edited(store, edit("newer", 4, Action::Hold, (&OLD, 30))).await);
        let spam = of_actor(reject_as(Reason::Spam, 40), "ben");
        changed(store.decide(&blog(), &by_id(1), spam, None).await.unwrap());
        assert_eq!(sums(store).await, [(1, 0, 1), (0, 0, 1), (1, 0, 1), (0, 0, 0), (1, 0, 1), (0, 0, 0)]);
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_may_not_be_writes_nothing() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(held(1), &OLD)).await;
        let refused = async |request: EditRequest, expected: Refusal| {
            let before = store.get(&blog(), &by_id(1)).await.unwrap();
            let told = store.events(&blog(), EventId::default(), 100).await.unwrap();
            match edited(store, request).await {
                Outcome::Refused(refusal, comment) => assert_eq!((refusal, Some(*comment)), (expected, before.clone())),
                other => panic!("it was not refused: {other:?}"),
            }
            assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap(), before);
            assert_eq!(store.events(&blog(), EventId::default(), 100).await.unwrap(), told);
        };
        refused(edit("new", 2, Action::Hold, (&NEW, 10)), Refusal::VersionMismatch).await;
        let stale = EditRequest { if_match: Some(7), ..edit("new", 1, Action::Hold, (&NEW, 10)) };
        refused(stale, Refusal::VersionMismatch).await;
        let as_it_is = store.get(&blog(), &by_id(1)).await.unwrap().unwrap().submission.content.to_string();
        let outcome = edited(store, edit(&as_it_is, 9, Action::Reject, (&NEW, 10))).await;
        assert!(matches!(outcome, Outcome::Already(_)), "{outcome:?}");
        changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 11), None).await.unwrap());
        refused(edit("new", 2, Action::Approve, (&NEW, 12)), Refusal::Rejected).await;
        changed(store.withdraw(&blog(), &by_id(1), at(13)).await.unwrap());
        refused(edit("new", 3, Action::Approve, (&NEW, 14)), Refusal::Withdrawn).await;
        assert!(store.erase(&blog(), &by_id(1), at(15)).await.unwrap());
        assert_eq!(edited(store, edit("new", 3, Action::Approve, (&NEW, 16))).await, Outcome::NotFound);
        assert_eq!(sums(store).await, [(0, 0, 0); 6]);
    })
    .await;
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_is_written() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        let (one, two) = tokio::join!(
            edited(store, edit("one", 1, Action::Approve, (&NEW, 10))),
            edited(store, edit("two", 1, Action::Approve, (&OLD, 10))),
        );
        let wrote = |outcome: &Outcome| matches!(outcome, Outcome::Changed(_));
        assert!(wrote(&one) != wrote(&two), "{one:?} {two:?}");
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap().unwrap().version, 2);
        assert_eq!(sums(store).await.iter().map(|sum| sum.0).sum::<u32>(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_edit_can_be_sent_again_under_its_key() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        let key = || Some(idempotency(1, &fingerprint(70)));
        let request = || edit("new", 1, Action::Approve, (&NEW, 10));
        let comment = changed(store.edit(&blog(), &by_id(1), request(), key()).await.unwrap());
        let again = store.edit(&blog(), &by_id(1), request(), key()).await.unwrap();
        let replayed =
            Outcome::Replayed { comment: Box::new(comment.clone()), fingerprint: fingerprint(70), applied: true };
        assert_eq!(again, replayed);
        let existing = store.recall(&blog(), &ask(Some(1), None)).await.unwrap().existing;
        assert_eq!(existing, Some(Existing::ByKey { comment: Box::new(comment), fingerprint: fingerprint(70) }));
        // A refusal is not kept under the key.
        let outcome =
            store.edit(&blog(), &by_id(1), request_of("newer", 1), Some(idempotency(2, &fingerprint(71)))).await;
        assert!(matches!(outcome, Ok(Outcome::Refused(Refusal::VersionMismatch, _))), "{outcome:?}");
        assert_eq!(store.recall(&blog(), &ask(Some(2), None)).await.unwrap().existing, None);
        assert!(store.erase(&blog(), &by_id(1), at(20)).await.unwrap());
        assert_eq!(store.edit(&blog(), &by_id(1), request(), key()).await.unwrap(), Outcome::ReplayedErased(id(1)));
    })
    .await;
}

fn request_of(text: &str, version: u64) -> EditRequest {
    edit(text, version, Action::Approve, (&NEW, 12))
}

#[tokio::test]
async fn the_staffs_edit_leaves_status_and_review() {
    everywhere(async |store| {
        for (n, comment) in [(1, approved(1)), (2, held(2)), (3, rejected(3))] {
            keep(store, &blog(), comment.clone()).await;
            let mut request = EditRequest { by: EditedBy::Staff, ..edit("new", 1, Action::Reject, (&NEW, 10)) };
            request.edit.url = Some(Bounded::try_from("http://new.example/".to_owned()).unwrap());
            let after = changed(store.edit(&blog(), &by_id(n), request, None).await.unwrap());
            assert_eq!((after.status, after.review), (comment.status, comment.review));
            assert_eq!(
                (after.verdict.action, after.submission.author.url.as_deref()),
                (Action::Reject, Some("http://new.example/"))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_is_full_takes_no_member_of_an_edit() {
    everywhere(async |store| {
        let most = MAX_MEMBERS as u32;
        for n in 2..most + 2 {
            keep(store, &blog(), counted_in(approved(n), &[(HistoryKind::Text, 9, Some(1_000 + n))])).await;
        }
        keep(store, &blog(), counted_in(approved(1), &OLD)).await;
        changed(edited(store, edit("new", 1, Action::Approve, (&NEW, 100))).await);
        let kept = store.get(&blog(), &by_id(1)).await.unwrap().unwrap();
        let members: Vec<_> = kept.counted.iter().map(|counted| counted.member).collect();
        assert_eq!(members, [None, None, None, Some(5)]);
        // Once there is room, the next edit finds it.
        assert!(store.erase(&blog(), &by_id(2), at(101)).await.unwrap());
        changed(edited(store, edit("newer", 2, Action::Approve, (&NEW, 102))).await);
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap().unwrap().counted[2].member, Some(44));
        assert_eq!(store.repair(&blog()).await.unwrap().corrected(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_becomes_of_the_authors_edit_follows_from_what_was_who_said_so_and_what_it_brings() {
    use Status::{Approved as Yes, Held as Wait, Rejected as No};
    const BEFORE: [Status; 3] = [Yes, Wait, No];
    // Before, by a person's word or without one, whether the edit brings more; and what comes of a verdict that approves,
    // holds or rejects.
    let table = [
        (Yes, None, false, [Yes, Wait, No]),
        (Yes, None, true, [Yes, Wait, No]),
        (Yes, Some(Approve), false, [Yes, Wait, Wait]),
        (Yes, Some(Approve), true, [Yes, Wait, No]),
        (Wait, None, false, [Yes, Wait, No]),
        (Wait, None, true, [Yes, Wait, No]),
        (Wait, Some(Reopen), false, [Wait, Wait, Wait]),
        (Wait, Some(Reopen), true, [Wait, Wait, Wait]),
        (No, None, false, [Yes, Wait, No]),
        (No, None, true, [Yes, Wait, No]),
    ];
    everywhere(async |store| {
        let mut n = 0;
        for (before, said, brings_more, after) in table {
            for (action, status) in [Action::Approve, Action::Hold, Action::Reject].into_iter().zip(after) {
                n += 1;
                let made = [approved(n), held(n), rejected(n)];
                let first = if said == Some(Reopen) { Yes } else { before };
                let comment = made.into_iter().zip(BEFORE).find(|(_, status)| *status == first).unwrap().0;
                keep(store, &blog(), comment).await;
                if let Some(said) = said {
                    store.decide(&blog(), &by_id(n), if_match(wish(said, 100), 1), None).await.unwrap();
                }
                let version = store.get(&blog(), &by_id(n)).await.unwrap().unwrap().version;
                let mut request = edit("new", version, action, (&[], 200));
                request.judged.brings_more = brings_more;
                let comment = changed(store.edit(&blog(), &by_id(n), request, None).await.unwrap());
                let case = (before, said, brings_more, action);
                assert_eq!((comment.status, comment.review.is_open()), (status, status == Wait), "{case:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_held_before_and_is_judged_no_worse_stays_as_a_person_left_it() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 5), None).await.unwrap());
        let mut request = edit("mended", 2, Action::Hold, (&[], 10));
        request.judged.brings_more = false;
        let mended = changed(edited(store, request.clone()).await);
        assert_eq!((mended.status, mended.standing_decision().is_some()), (Status::Approved, true));
        request.judged.verdict.score += 1;
        request.edit.content = Some(Content::try_from("worse".to_owned()).unwrap());
        let worse = changed(edited(store, EditRequest { version: 3, ..request }).await);
        assert_eq!((worse.status, worse.standing_decision().is_some()), (Status::Held, false));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_decided_in_time_waits_for_a_person_once_it_is_edited() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let keep_for = Keep { held_expires: HeldExpires::Reject, ..KEEP };
        assert_eq!(store.expire(&blog(), &keep_for, on(31)).await.unwrap().rejected, 1);
        let comment = changed(edited(store, edit("new", 2, Action::Approve, (&[], 32 * DAY))).await);
        assert_eq!((comment.status, comment.review.is_open()), (Status::Held, true));
    })
    .await;
}
