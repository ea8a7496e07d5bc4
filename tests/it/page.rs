//! A page as a browser's tokenizer sees it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states::RawKind,
};

/// What a page is made of.
#[derive(Default)]
pub struct Seen {
    errors: Vec<String>,
    open: Vec<String>,
    pub names: BTreeSet<String>,
    pub attributes: Vec<(String, String)>,
    /// Each element that was opened, with its attributes.
    pub elements: Vec<(String, Vec<(String, String)>)>,
    pub text: String,
    /// The level of each heading.
    pub headings: Vec<u32>,
}

#[derive(Default)]
struct Sink(RefCell<Seen>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        const VOID: [&str; 5] = ["meta", "wbr", "br", "input", "link"];
        let mut seen = self.0.borrow_mut();
        match token {
            Token::ParseError(error) => seen.errors.push(error.into_owned()),
            Token::CharacterTokens(text) => seen.text.push_str(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name = tag.name.to_string();
                seen.headings.extend(name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()));
                let attributes = tag.attrs.iter().map(|one| (one.name.local.to_string(), one.value.to_string()));
                let attributes: Vec<_> = attributes.collect();
                seen.attributes.extend(attributes.iter().cloned());
                seen.elements.push((name.clone(), attributes));
                if !VOID.contains(&name.as_str()) {
                    seen.open.push(name.clone());
                }
                seen.names.insert(name.clone());
                match name.as_str() {
                    "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => {}
                }
            }
            Token::TagToken(tag) => {
                let opened = seen.open.pop();
                if opened.as_deref() != Some(&*tag.name) {
                    seen.errors.push(format!("{opened:?} is closed by {}", tag.name));
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Seen {
    /// The page as its tokens, which must be without a fault and all closed.
    pub fn of(page: &str) -> Self {
        let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
        let tokenizer = Tokenizer::new(Sink::default(), options);
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(page));
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let seen = tokenizer.sink.0.into_inner();
        assert!(seen.errors.is_empty(), "{:?}", seen.errors);
        assert!(seen.open.is_empty(), "{:?}", seen.open);
        seen
    }

    /// The attributes of the element with this id.
    pub fn with_id(&self, id: &str) -> Option<&[(String, String)]> {
        let has_id = |(_, attributes): &&(String, Vec<(String, String)>)| {
            attributes.iter().any(|(name, value)| name == "id" && value == id)
        };
        self.elements.iter().find(has_id).map(|(_, attributes)| attributes.as_slice())
    }

    /// Every value of an attribute.
    pub fn values(&self, wanted: &str) -> Vec<&str> {
        self.attributes.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    }
}
