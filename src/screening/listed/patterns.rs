//! Regular expressions looked for together.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Capture, Hir, HirKind, Look, Repetition};

use super::steps::Steps;
use crate::domain::Fault;

/// The most bytes that one regular expression may take once it is compiled, and all of a site together: 256 KiB and 1 MiB.
const MOST_BYTES: usize = 256 * 1024;
const MOST_BYTES_TOGETHER: usize = 1024 * 1024;
/// How deep it may be nested.
const MOST_NESTED: u32 = 50;
/// How much of a text is looked at: what a regular expression takes for a byte has no bound as low as that of all else.
const MOST_TEXT: usize = 16 * 1024;

/// A regular expression, read.
pub struct Pattern {
    exact: Regex,
    sieve: String,
}

/// Regular expressions, compiled.
#[derive(Default)]
pub struct Patterns {
    /// All of them without their borders of words: what this does not find, none of them finds, and it need not look at
    /// the letters of all scripts to know where words end, which is hundreds of times slower.
    sieve: Option<RegexSet>,
    exact: Vec<Regex>,
}

impl Pattern {
    /// Reads one; upper and lower case do not matter.
    pub fn read(pattern: &str) -> Result<Self, Fault> {
        let exact = read(pattern).map_err(|error| fault_of(&error))?;
        let tree = tree_of(pattern).ok_or_else(|| Fault::new("invalid_regex", "is no regular expression over text"))?;
        if tree.properties().minimum_len() == Some(0) {
            return Err(Fault::new("matches_nothing", "is found where nothing is, and so in every comment"));
        }
        Ok(Self { exact, sieve: without_borders(&tree).to_string() })
    }
}

impl Patterns {
    /// The most regular expressions of a site.
    pub const MOST: usize = 500;

    /// Compiles the longest beginning of these that may be compiled together; how many those are is `len`.
    pub fn compile(patterns: Vec<Pattern>) -> Self {
        let (sieves, mut exact): (Vec<String>, Vec<Regex>) =
            patterns.into_iter().take(Self::MOST).map(|pattern| (pattern.sieve, pattern.exact)).unzip();
        let together = |most: usize| RegexSetBuilder::new(&sieves[..most]).size_limit(MOST_BYTES_TOGETHER).build().ok();
        let mut sieve = together(sieves.len());
        if sieve.is_none() {
            let (mut fits, mut too_many) = (0, sieves.len());
            while too_many - fits > 1 {
                let middle = fits + (too_many - fits) / 2;
                match together(middle) {
                    Some(set) => (fits, sieve) = (middle, Some(set)),
                    None => too_many = middle,
                }
            }
            exact.truncate(fits);
        }
        Self { sieve: sieve.filter(|set| !set.is_empty()), exact }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.exact.len()
    }

    /// Visits those that are found in the beginning of a folded text: (which, the first place). Each place that the sieve finds
    /// costs as many steps as the text has bytes.
    pub fn each(&self, text: &str, steps: &Steps, mut visit: impl FnMut(usize, (usize, usize))) {
        let Some(sieve) = &self.sieve else { return };
        let text = &text[..text.floor_char_boundary(MOST_TEXT)];
        for which in sieve.matches(text) {
            if !steps.take(text.len()) {
                return;
            }
            if let Some(found) = self.exact[which].find(text) {
                visit(which, (found.start(), found.end()));
            }
        }
    }

    /// How many bytes it takes, as far as is known: at most.
    pub fn bytes(&self) -> usize {
        if self.exact.is_empty() { 0 } else { 2 * MOST_BYTES_TOGETHER }
    }
}

/// Why a regular expression is not in force beside so many others.
pub fn beyond() -> Fault {
    let most = Patterns::MOST;
    let detail = format!(
        "is one too many: a site has at most {most} regular expressions, which may take {MOST_BYTES_TOGETHER} bytes \
         (1 MiB) together"
    );
    Fault::new("too_large_together", detail)
}

fn read(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(MOST_BYTES).nest_limit(MOST_NESTED).build()
}

fn fault_of(error: &regex::Error) -> Fault {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            let detail = format!("takes more than {limit} bytes (256 KiB) once it is compiled: make it simpler");
            Fault::new("too_large", detail)
        }
        error => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Fault::new("invalid_regex", format!("is no regular expression: {why}"))
        }
    }
}

fn tree_of(pattern: &str) -> Option<Hir> {
    ParserBuilder::new().case_insensitive(true).nest_limit(MOST_NESTED).build().parse(pattern).ok()
}

/// A regular expression without its borders of words: it finds at least what the whole one finds.
fn without_borders(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) if is_border(*look) => Hir::empty(),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(without_borders(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => {
            Hir::capture(Capture { sub: Box::new(without_borders(&capture.sub)), ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_borders).collect()),
        HirKind::Alternation(ways) => Hir::alternation(ways.iter().map(without_borders).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

fn is_border(look: Look) -> bool {
    !matches!(look, Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(patterns: &[&str]) -> Patterns {
        Patterns::compile(patterns.iter().map(|pattern| Pattern::read(pattern).unwrap()).collect())
    }

    fn found(patterns: &[&str], text: &str) -> Vec<(usize, String)> {
        let (compiled, mut found) = (compiled(patterns), Vec::new());
        compiled.each(text, &Steps::new(), |which, (start, end)| found.push((which, text[start..end].to_owned())));
        found
    }

    #[test]
    fn what_is_found_is_what_each_finds_by_itself() {
        let patterns =
            [r"\bказино\b", r"Buy\s+(?:now|today)", r"\B7{3}", "^free", r"pills$|pills\b.cheap", "(?:加|jia)微信"];
        let text = |text: &str| found(&patterns, text);
        assert_eq!(text("лучшее казино тут"), [(0, "казино".to_owned())]);
        assert_eq!(text("подказино казиношка"), []);
        assert_eq!(text("just buy  today"), [(1, "buy  today".to_owned())]);
        assert_eq!(text("x777 777"), [(2, "777".to_owned())]);
        assert_eq!(text("777 not free"), []);
        assert_eq!(text("free pills"), [(3, "free".to_owned()), (4, "pills".to_owned())]);
        assert_eq!(text("请加微信"), [(5, "加微信".to_owned())]);
    }

    #[test]
    fn those_that_are_too_many_together_are_left_out_from_the_end() {
        let many: Vec<String> = (0..400).map(|n| format!(r"\w{{4}}{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let compiled = compiled(&many);
        assert!((1..400).contains(&compiled.len()), "{}", compiled.len());
        let mut seen = Vec::new();
        compiled.each("abcd0", &Steps::new(), |which, _| seen.push(which));
        assert_eq!(seen, [0]);
    }

    #[test]
    fn what_is_no_regular_expression_or_too_large_a_one_is_refused() {
        for (pattern, code) in
            [("(", "invalid_regex"), ("a*", "matches_nothing"), (r"\b", "matches_nothing"), (r"\w{5000}", "too_large")]
        {
            assert_eq!(Pattern::read(pattern).err().map(|fault| fault.code), Some(code), "{pattern}");
        }
        assert!(Pattern::read(r"\bbuy\s+(now|today)\b").is_ok());
    }
}
