//! Comments and tombstones: each record by itself, and what it says has to be elsewhere.

use std::collections::BTreeSet;

use moderato::domain::{Comment, CommentId, Counted, HistoryKind, Review, Status, Tombstone};

use super::{Audit, Contents, sort_key};

impl Audit {
    pub(super) fn comment(&mut self, id: &str, record: &[u8], contents: &mut Contents) {
        let Some(mut comment) = self.record::<Comment>(&format!("c:{id}"), record) else { return };
        without_those_that_found_no_room(&mut comment.counted, record);
        self.demand(comment.id.to_string() == id, || format!("{id}: the record is of {}", comment.id));
        self.life(&comment);
        let mut stand = |index: String, key: i64| contents.stand(index, key, comment.id);
        let written = comment.written_at.millis();
        stand(format!("s:{}", comment.status.as_str()), written);
        stand(format!("p:{}", &*comment.submission.post.id), written);
        let of_mail = || comment.counted.iter().find(|counted| counted.key.kind == HistoryKind::Mail);
        let author = comment.author_id.map(|author| *author.as_bytes());
        let mail = comment.mail_id.map(|mail| *mail.as_bytes()).or_else(|| of_mail().map(|mail| mail.key.hash));
        let mail = author.and(mail);
        for token in [author, mail].into_iter().flatten().collect::<BTreeSet<_>>() {
            stand(format!("a:{}", data_encoding::HEXLOWER.encode(&token)), written);
        }
        if let Some(parent) = &comment.submission.parent
            && (parent.author_name.is_some() || parent.content.is_some())
        {
            let by_external_id = || parent.external_id.as_ref().map(|id| format!("r:ext:{id}"));
            if let Some(index) = parent.id.map(|id| format!("r:{id}")).or_else(by_external_id) {
                stand(index, written);
            }
        }
        let open = match comment.review {
            Review::Open { priority, .. } => {
                stand("q".to_owned(), priority);
                true
            }
            Review::Done => false,
        };
        let is_withdrawn = comment.status == Status::Held && !open;
        let age = if is_withdrawn { "withdrawn" } else { comment.status.as_str() };
        stand(format!("o:{age}"), comment.changed_at.millis());
        if comment.submission.client.ip.is_some() && !comment.address_is_cut {
            stand("o:address".to_owned(), comment.received_at.millis());
        }
        if let Some(external_id) = &comment.submission.external_id {
            let other = contents.externals.insert(format!("x:{external_id}"), id.as_bytes().to_vec());
            self.demand(other.is_none(), || format!("external id {external_id} names two comments"));
        }
        contents.latest = contents.latest.max(comment.received_at.millis()).max(comment.changed_at.millis());
        contents.counted.extend(comment.counted.iter().cloned());
        self.summary.open += usize::from(open);
        contents.comments.insert(comment.id, comment);
    }

    /// What is said of every comment.
    fn life(&mut self, comment: &Comment) {
        let (id, open) = (comment.id, comment.review.is_open());
        self.demand(comment.version == comment.changes(), || {
            format!("{id}: version {}, but the record shows {}", comment.version, comment.changes())
        });
        let waits = comment.status == Status::Held && comment.withdrawn_at.is_none();
        self.demand(!waits || open, || format!("{id}: held, but not in the queue"));
        self.demand(comment.withdrawn_at.is_none() || !open, || format!("{id}: withdrawn, but in the queue"));
        self.demand(comment.written_at <= comment.received_at, || format!("{id}: written after it came in"));
        self.demand(comment.expired.is_none_or(|expired| expired.times > 0), || format!("{id}: expired no times"));
    }

    pub(super) fn tombstone(&mut self, id: &str, record: &[u8], contents: &mut Contents) {
        let Some(mut tombstone) = self.record::<Tombstone>(&format!("t:{id}"), record) else { return };
        without_those_that_found_no_room(&mut tombstone.counted, record);
        self.demand(tombstone.id.to_string() == id, || format!("{id}: the tombstone is of {}", tombstone.id));
        self.demand(!contents.comments.contains_key(&tombstone.id), || format!("{id}: erased, and still there"));
        let [author, mail] = tombstone.authors;
        self.demand(author.is_none() || author != mail, || format!("{id}: its tombstone has a token twice"));
        contents.stand("t".to_owned(), 0, tombstone.id);
        contents.stand("o:tombstone".to_owned(), tombstone.erased_at.millis(), tombstone.id);
        for token in [author, mail].into_iter().flatten() {
            contents.stand(format!("ta:{}", data_encoding::HEXLOWER.encode(token.as_bytes())), 0, tombstone.id);
        }
        if let Some(external_id) = &tombstone.external_id {
            let other = contents.externals.insert(format!("x:{external_id}"), id.as_bytes().to_vec());
            self.demand(other.is_none(), || format!("external id {external_id} names two comments"));
        }
        contents.latest = contents.latest.max(tombstone.erased_at.millis());
        contents.counted.extend(tombstone.counted.iter().cloned());
        contents.tombstones.insert(tombstone.id, tombstone);
    }

    /// A record: the stamp, the checksum, which members found no room, and JSON.
    fn record<T: serde::de::DeserializeOwned>(&mut self, name: &str, record: &[u8]) -> Option<T> {
        let Some((head, json)) = record.split_at_checked(28) else {
            self.faults.push(format!("{name}: too short"));
            return None;
        };
        let crc = format!("{:08x}", crc32fast::hash(json));
        self.demand(crc.as_bytes() == &head[16..24], || format!("{name}: checksum"));
        self.demand(head.iter().all(u8::is_ascii_hexdigit), || format!("{name}: its head is no number"));
        match serde_json::from_slice(&unpacked(json)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.faults.push(format!("{name}: cannot be read: {why}"));
                None
            }
        }
    }
}

impl Contents {
    fn stand(&mut self, index: String, key: i64, id: CommentId) {
        self.indexes.entry(index).or_default().insert([&sort_key(key)[..], id.as_bytes()].concat());
    }
}

/// The JSON of a record's body: as it stands, or behind a byte that names the dictionary over which it is compressed.
fn unpacked(body: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const DICTIONARY: &[u8] = include_bytes!("../../../src/store/redis/dictionary_1.txt");
    match body {
        [1, packed @ ..] => {
            lz4_flex::block::decompress_size_prepended_with_dict(packed, DICTIONARY).unwrap_or_default().into()
        }
        plain => plain.into(),
    }
}

/// The members that stand among an entry's: the last four digits of a record's head name, bit by bit, those that do not.
fn without_those_that_found_no_room(counted: &mut [Counted], record: &[u8]) {
    let full = record.get(24..28).and_then(|hex| u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
    let members = counted.iter_mut().filter(|counted| counted.member.is_some());
    for (place, counted) in members.enumerate() {
        if full.unwrap_or(0) >> place & 1 == 1 {
            counted.member = None;
        }
    }
}
