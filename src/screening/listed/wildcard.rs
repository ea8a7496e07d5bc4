//! Phrases with `*` and `?`: what is fixed in them, and how the rest is compared.

use super::steps::Steps;
use super::words::{is_border, is_word};
use crate::domain::Fault;

/// The most characters that a `*` within a phrase stands for, and the most of them in one: together they bound what comparing it with
/// one place of a text can take.
const REACH: usize = 40;
const MOST_STARS: usize = 4;

/// Which ends of a phrase may lie within a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// Its beginning.
    pub left: Edge,
    /// Its end.
    pub right: Edge,
}

/// Whether an end of a phrase may lie within a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It may.
    Open,
    /// It is a border of words.
    Closed,
}

impl Edges {
    /// Whole words.
    pub const WORDS: Edges = Edges { left: Edge::Closed, right: Edge::Closed };
    /// Anywhere.
    pub const ANYWHERE: Edges = Edges { left: Edge::Open, right: Edge::Open };

    /// Whether a phrase may stand here.
    pub fn fit(self, text: &str, (start, end): (usize, usize)) -> bool {
        self.right.fits(text, end) && self.left.fits(text, start)
    }
}

impl Edge {
    fn fits(self, text: &str, place: usize) -> bool {
        self == Edge::Open || is_border(text, place)
    }
}

/// A phrase with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wildcard {
    /// Only at its ends: a plain string whose ends may lie within words.
    Ends(String, Edges),
    /// Elsewhere too.
    Within(Within),
}

/// A phrase with wildcards between its characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// A string that stands where the phrase does.
    pub anchor: String,
    /// How many characters of the phrase stand before it.
    lead: usize,
    /// What stands between its `*`: characters, where `None` is any one of a word.
    parts: Vec<Vec<Option<char>>>,
    edges: Edges,
}

impl Wildcard {
    /// Reads a folded phrase. At its ends, `*` says that they may lie within words.
    pub fn read(folded: &str) -> Result<Self, Fault> {
        if !folded.contains(|c: char| !c.is_whitespace() && !matches!(c, '*' | '?')) {
            return Err(Fault::new("empty", "holds nothing that can be seen but `*` and `?`"));
        }
        let edge = |is_open: bool| if is_open { Edge::Open } else { Edge::Closed };
        let edges = Edges { left: edge(folded.starts_with('*')), right: edge(folded.ends_with('*')) };
        let core = folded.trim_matches('*');
        if !core.contains(['*', '?']) {
            return Ok(Wildcard::Ends(core.to_owned(), edges));
        }
        let parts = core.split('*').filter(|part| !part.is_empty());
        let parts: Vec<Vec<Option<char>>> =
            parts.map(|part| part.chars().map(|c| (c != '?').then_some(c)).collect()).collect();
        if parts.len() > MOST_STARS + 1 {
            let detail = format!("has {} `*` within it; the limit is {MOST_STARS}", parts.len() - 1);
            return Err(Fault::new("too_many_wildcards", detail));
        }
        let head = core.split('*').next().unwrap_or_default();
        let anchor = head.split('?').max_by_key(|run| run.trim().len()).filter(|run| !run.trim().is_empty());
        let Some(anchor) = anchor else {
            let detail = "must have more than `?` before the first `*` within it";
            return Err(Fault::new("no_anchor", detail));
        };
        let before = anchor.as_ptr() as usize - head.as_ptr() as usize;
        let lead = head[..before].chars().count();
        Ok(Wildcard::Within(Within { anchor: anchor.to_owned(), lead, parts, edges }))
    }
}

impl Within {
    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let parts = self.parts.iter().map(|part| size_of::<Vec<char>>() + part.capacity() * size_of::<Option<char>>());
        size_of::<Self>() + self.anchor.capacity() + parts.sum::<usize>()
    }

    /// Where the phrase stands, if its anchor stands at `place`.
    pub fn at(&self, text: &str, place: usize, steps: &Steps) -> Option<(usize, usize)> {
        let start = match self.lead {
            0 => place,
            lead => text[..place].char_indices().nth_back(lead - 1)?.0,
        };
        let (first, rest) = self.parts.split_first()?;
        if !self.edges.left.fits(text, start) {
            return None;
        }
        let mut ends = vec![part_at(text, start, first)?];
        for part in rest {
            ends = ends_of(text, &ends, (part, steps));
        }
        let end = ends.into_iter().find(|&end| self.edges.right.fits(text, end))?;
        Some((start, end))
    }
}

/// Where a part ends that begins at one of `starts` (ascending) or up to [`REACH`] characters of a word behind it.
fn ends_of(text: &str, starts: &[usize], (part, steps): (&[Option<char>], &Steps)) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut starts = starts.iter().copied().peekable();
    let (mut place, mut reach) = (0, None);
    loop {
        if starts.peek() == Some(&place) || reach.is_none() {
            let Some(start) = starts.next() else { return ends };
            (place, reach) = (start, Some(REACH));
        }
        if !steps.take(1 + part.len() / 16) {
            return ends;
        }
        ends.extend(part_at(text, place, part));
        let next = text[place..].chars().next().filter(|&c| is_word(c));
        reach = reach.and_then(|reach| reach.checked_sub(1)).filter(|_| next.is_some());
        if reach.is_some() {
            place += next.map_or(0, char::len_utf8);
        }
    }
}

/// Where a part ends that begins here.
fn part_at(text: &str, place: usize, part: &[Option<char>]) -> Option<usize> {
    let mut chars = text[place..].chars();
    let fits = |wanted: &Option<char>| {
        let c = chars.next();
        c.is_some_and(|c| wanted.map_or_else(|| is_word(c), |wanted| wanted == c))
    };
    part.iter().all(fits).then(|| text.len() - chars.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
        let (start, end) = match Wildcard::read(pattern).unwrap() {
            Wildcard::Ends(core, edges) => {
                let places = text.match_indices(core.as_str()).map(|(place, core)| (place, place + core.len()));
                places.into_iter().find(|&span| edges.fit(text, span))
            }
            Wildcard::Within(within) => {
                text.match_indices(within.anchor.as_str()).find_map(|(place, _)| within.at(text, place, &Steps::new()))
            }
        }?;
        Some(&text[start..end])
    }

    #[test]
    fn wildcards_stand_for_letters_and_digits_of_one_word() {
        for (pattern, text, expected) in [
            ("casino*", "many casinos here", Some("casino")),
            ("casino*", "a supercasino", None),
            ("*casino", "a supercasino", Some("casino")),
            ("*casino", "supercasinos", None),
            ("v?agra", "buy v1agra", Some("v1agra")),
            ("v?agra", "buy v-agra", None),
            ("v?agra", "buy vagra", None),
            ("v*gra", "buy viaaagra now", Some("viaaagra")),
            ("v*gra", "buy via gra now", None),
            ("v*gra", "buy viagras", None),
            ("v*gra*", "buy viagras", Some("viagra")),
            ("?iagra", "buy viagra", Some("viagra")),
            ("?iagra", "iagra", None),
            ("buy * now", "buy pills now", Some("buy pills now")),
            ("buy * now", "buy my pills now", None),
            ("a*b*c", "a1b2b3c", Some("a1b2b3c")),
            ("加*信", "请加我微信吧", Some("加我微信")),
            ("к?зино", "тут казино", Some("казино")),
        ] {
            assert_eq!(found(pattern, text), expected, "{pattern} in {text}");
        }
        let long = format!("v{}gra", "i".repeat(REACH));
        assert_eq!(found("v*gra", &long), Some(long.as_str()));
        assert_eq!(found("v*gra", &format!("v{}gra", "i".repeat(REACH + 1))), None);
    }

    #[test]
    fn a_wildcard_needs_something_to_be_found_by() {
        for (pattern, code) in
            [("*", "empty"), ("? *", "empty"), ("?*a", "no_anchor"), ("a*b*c*d*e*f", "too_many_wildcards")]
        {
            assert_eq!(Wildcard::read(pattern).map_err(|fault| fault.code), Err(code), "{pattern}");
        }
    }
}
