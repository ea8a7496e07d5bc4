//! The reply form: what a browser sends, read strictly, and what can be wrong with it in a reader's words.

use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};
use url::Url;

use crate::domain::{Author, Content, Email, Name, Submission};

/// The most bytes of a form as it is sent, in which one letter may take twelve.
pub(super) const FORM_BYTES: usize = 96 * 1024;

/// The most characters of a comment. As many of four bytes each are sent in 84,000.
pub(super) const COMMENT_CHARACTERS: usize = 7_000;

/// What a reader typed, and what the form carried along; all of it text that anybody may have made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub name: String,
    pub email: String,
    pub url: String,
    pub comment: String,
    /// What people do not see.
    pub topic: String,
    /// The comment that is answered.
    pub parent: String,
    pub stamp: String,
}

/// The fields that a reader fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Comment,
    Name,
    Email,
    Url,
}

/// What is wrong with a field, as a sentence for whoever filled it in.
pub(super) type Faults = Vec<(Field, String)>;

/// What a form says that has no fault.
pub(super) struct Checked {
    pub author: Author,
    pub content: Content,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`: only the form's own fields, none twice, all of them text.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut form = Self::default();
        let mut seen = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = (decoded(&pair[..equals])?, decoded(pair.get(equals + 1..).unwrap_or_default())?);
            if seen.contains(&name) {
                return None;
            }
            *form.field(&name)? = value;
            seen.push(name);
        }
        // Browsers send every line's end as two characters.
        form.comment = form.comment.replace("\r\n", "\n");
        Some(form)
    }

    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "name" => Some(&mut self.name),
            "email" => Some(&mut self.email),
            "url" => Some(&mut self.url),
            "comment" => Some(&mut self.comment),
            "topic" => Some(&mut self.topic),
            "parent" => Some(&mut self.parent),
            "stamp" => Some(&mut self.stamp),
            _ => None,
        }
    }

    /// What it says, or every fault of it.
    pub fn check(&self) -> Result<Checked, Faults> {
        let mut faults = Faults::new();
        let content = noted(&mut faults, Field::Comment, self.content());
        let name = noted(&mut faults, Field::Name, self.author_name());
        let email = noted(&mut faults, Field::Email, self.address());
        let url = noted(&mut faults, Field::Url, self.website());
        match (content, name, email, url) {
            (Some(content), Some(name), Some(email), Some(url)) if faults.is_empty() => {
                let url = url.and_then(|url| url.try_into().ok());
                Ok(Checked {
                    author: Author { name: Some(name), email: Some(email), url, ..Author::default() },
                    content,
                })
            }
            _ => Err(faults),
        }
    }

    fn content(&self) -> Result<Content, String> {
        let length = self.comment.chars().count();
        if self.comment.trim().is_empty() {
            return Err("Please write a comment.".to_owned());
        }
        if length > COMMENT_CHARACTERS {
            return Err(format!(
                "Your comment has {length} characters, and {COMMENT_CHARACTERS} fit. Please shorten it, or split it in two."
            ));
        }
        Content::try_from(self.comment.clone()).map_err(|_| "Your comment is too long.".to_owned())
    }

    fn author_name(&self) -> Result<Name, String> {
        match self.name.trim() {
            "" => Err("Please give a name; it need not be your real one.".to_owned()),
            name => {
                Name::try_from(name.to_owned()).map_err(|_| "This name is too long: 245 characters fit.".to_owned())
            }
        }
    }

    fn address(&self) -> Result<Email, String> {
        let text = self.email.trim();
        let is_address = text.split_once('@').is_some_and(|(mailbox, host)| !mailbox.is_empty() && !host.is_empty())
            && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if text.is_empty() {
            return Err("Please give your e-mail address; it will not be published.".to_owned());
        }
        if !is_address {
            return Err("This does not look like an e-mail address, such as ana@mail.example.".to_owned());
        }
        Email::try_from(text.to_owned()).map_err(|_| "This e-mail address is too long: 254 characters fit.".to_owned())
    }

    /// The website; without a scheme, most likely meant with https.
    fn website(&self) -> Result<Option<String>, String> {
        const MOST: usize = 2_048;
        let text = self.url.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        if web_address(&url).is_none() {
            return Err("This does not look like a web address, such as https://ana.example.".to_owned());
        }
        if url.chars().count() > MOST {
            return Err("This web address is too long: 2,048 characters fit.".to_owned());
        }
        Ok(Some(url))
    }

    /// Names what this form says, as it was delivered with this nonce: the same again is the same comment.
    pub fn fingerprint(&self, nonce: &[u8]) -> String {
        let mut hash = Sha256::new_with_prefix(nonce);
        for part in [&self.name, &self.email, &self.url, &self.comment, &self.topic, &self.parent] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        data_encoding::HEXLOWER.encode(&hash.finalize()[..16])
    }
}

/// The address of a page on the web that a reader may be led to.
pub(super) fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    is_web.then_some(url)
}

/// The author of a submission as a page names them.
pub(super) fn name_of(submission: &Submission) -> &str {
    let name = submission.author.name.as_deref().map(str::trim);
    name.filter(|name| !name.is_empty()).unwrap_or("Somebody")
}

fn noted<T>(faults: &mut Faults, field: Field, read: Result<T, String>) -> Option<T> {
    read.map_err(|fault| faults.push((field, fault))).ok()
}

fn decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_sends_it_and_nothing_else_is() {
        let form = Form::parse(b"name=Ana+%C3%84&comment=One%0D%0Atwo&&email=").unwrap();
        assert_eq!((form.name.as_str(), form.comment.as_str(), form.email.as_str()), ("Ana Ä", "One\ntwo", ""));
        for wrong in ["name=a&name=b", "nickname=a", "name=%FF", "=", "name=a;email=b&x"] {
            assert_eq!(Form::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_typed_is_told_from_what_cannot_be() {
        let form =
            Form { comment: "Hello.".to_owned(), name: "Ana".to_owned(), email: "a@b".to_owned(), ..Form::default() };
        for (url, kept) in [
            ("", None),
            ("ana.example", Some("https://ana.example")),
            (" http://a.example/x ", Some("http://a.example/x")),
        ] {
            let checked = Form { url: url.to_owned(), ..form.clone() }.check();
            assert_eq!(checked.ok().unwrap().author.url.as_deref(), kept, "{url}");
        }
        for url in ["javascript:alert(1)", "javascript://ana.example/%0aalert(1)", "data://x", "https://", "not a host"]
        {
            let faults = Form { url: url.to_owned(), ..form.clone() }.check().err().unwrap();
            assert_eq!(faults[0].0, Field::Url, "{url}");
        }
        for email in ["", "ana", "@", "a@", "@b", "a b@c", "a@b\n"] {
            let checked = Form { email: email.to_owned(), ..form.clone() }.check();
            assert_eq!(checked.is_err(), email.trim() != "a@b", "{email:?}");
        }
        let empty = Form::default().check().err().unwrap();
        assert_eq!(
            empty.iter().map(|(field, _)| *field).collect::<Vec<_>>(),
            [Field::Comment, Field::Name, Field::Email]
        );
        let most = Form { comment: "🦆".repeat(COMMENT_CHARACTERS), ..form.clone() };
        assert!(most.check().is_ok());
        assert!(Form { comment: most.comment + "a", ..form }.check().is_err());
    }
}
