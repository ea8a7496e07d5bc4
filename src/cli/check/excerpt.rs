//! A text with the places marked that rules point at, as a compiler marks code: short, aligned, and harmless.

use crate::cli::terminal::{Style, Terminal, push_safe, width};

/// A place in a text, and the number of the hit that points there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// First byte and the byte after the last.
    pub span: (usize, usize),
    /// As the list of hits counts.
    pub number: usize,
}

/// The most columns of text in a row.
const COLUMNS: usize = 88;
/// The most rows of an excerpt, marker rows aside.
const MOST_ROWS: usize = 24;
/// The most marker rows below one row of text.
const MOST_MARKER_ROWS: usize = 6;
/// The most lines of a text in which nothing is marked.
const MOST_PLAIN_LINES: usize = 8;
/// How many characters around the ends of a mark stay in a long line.
const AROUND: usize = 32;

/// The lines of the text around the marks (without marks: its beginning), each marked place underlined on a styled
/// terminal, else with a row of `^^^` below.
pub(super) fn excerpt(text: &str, marks: &[Mark], terminal: &Terminal) -> Vec<String> {
    let lines: Vec<Line> = lines_of(text, marks);
    let gutter = lines.len().to_string().len();
    let near = |index: usize| {
        let from = index.saturating_sub(1);
        lines.iter().skip(from).take(index - from + 2).any(|line| !line.marks.is_empty())
    };
    let shown = |index: usize| if marks.is_empty() { index < MOST_PLAIN_LINES } else { near(index) };
    let (mut out, mut rows, mut last) = (Vec::new(), 0, None);
    for (index, line) in lines.iter().enumerate().filter(|(index, _)| shown(*index)) {
        if rows >= MOST_ROWS {
            break;
        }
        if last.map_or(index > 0, |last: usize| index > last + 1) {
            out.push(format!("{:gutter$} ⋮", ""));
        }
        last = Some(index);
        for (count, row) in rows_of(&line.cells()).into_iter().take(MOST_ROWS - rows).enumerate() {
            let number = if count == 0 { (index + 1).to_string() } else { String::new() };
            rows += 1;
            out.push(format!("{number:>gutter$} │ {}", painted(row, terminal)).trim_end().to_owned());
            if !terminal.styled {
                out.extend(markers(row).into_iter().map(|marks| format!("{:gutter$} │ {marks}", "")));
            }
        }
    }
    if last.is_some_and(|last| last + 1 < lines.len()) {
        out.push(format!("{:gutter$} ⋮", ""));
    }
    out
}

/// One line of a text with the marks that touch it.
struct Line<'a> {
    start: usize,
    text: &'a str,
    marks: Vec<Mark>,
}

fn lines_of<'a>(text: &'a str, marks: &[Mark]) -> Vec<Line<'a>> {
    let mut start = 0;
    let line = |part: &'a str| {
        let (from, to) = (start, start + part.len());
        start = to;
        let text = part.strip_suffix('\n').map_or(part, |text| text.strip_suffix('\r').unwrap_or(text));
        let touches = |mark: &&Mark| mark.span.0 < to && mark.span.1 > from || mark.span == (from, from);
        Line { start: from, text, marks: marks.iter().filter(touches).copied().collect() }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A character as it is shown, and the hits that point at it.
struct Cell {
    text: String,
    width: usize,
    numbers: Vec<usize>,
}

impl Cell {
    fn new(text: String, numbers: Vec<usize>) -> Self {
        Self { width: width(&text), text, numbers }
    }
}

impl Line<'_> {
    /// The line's characters; of a long line those near the ends of marks, with `…` for the rest.
    fn cells(&self) -> Vec<Cell> {
        let long = self.text.len() > COLUMNS;
        let mut cells: Vec<Cell> = Vec::new();
        let mut left_out = false;
        for (at, character) in self.text.char_indices() {
            if cells.len() > MOST_ROWS * COLUMNS {
                left_out = true;
                break;
            }
            if long && !self.keeps(at) {
                left_out = true;
                continue;
            }
            if std::mem::take(&mut left_out) {
                cells.push(Cell::new("…".to_owned(), Vec::new()));
            }
            let mut shown = String::new();
            push_safe(&mut shown, character);
            cells.push(Cell::new(shown, self.numbers_at(self.start + at)));
        }
        if left_out {
            cells.push(Cell::new("…".to_owned(), Vec::new()));
        }
        cells
    }

    fn keeps(&self, at: usize) -> bool {
        let at = self.start + at;
        let end_in_line = |end: usize| end.min(self.start + self.text.len());
        let near = |place: usize| at + AROUND >= place && at <= place + AROUND;
        match self.marks.is_empty() {
            true => at < self.start + COLUMNS,
            false => self.marks.iter().any(|mark| near(mark.span.0.max(self.start)) || near(end_in_line(mark.span.1))),
        }
    }

    fn numbers_at(&self, at: usize) -> Vec<usize> {
        let inside = |mark: &&Mark| at >= mark.span.0 && at < mark.span.1.max(mark.span.0 + 1);
        let mut numbers: Vec<usize> = self.marks.iter().filter(inside).map(|mark| mark.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Breaks cells into rows, after a blank where one is near the end.
fn rows_of(cells: &[Cell]) -> Vec<&[Cell]> {
    let (mut rows, mut rest) = (Vec::new(), cells);
    loop {
        let mut columns = 0;
        let fits = rest.iter().take_while(|cell| {
            columns += cell.width;
            columns <= COLUMNS
        });
        let fitting = fits.count();
        if fitting == rest.len() {
            rows.push(rest);
            return rows;
        }
        let blank = rest[..fitting].iter().rposition(|cell| cell.text == " ").map(|blank| blank + 1);
        let (row, after) = rest.split_at(blank.filter(|blank| *blank > fitting / 2).unwrap_or(fitting).max(1));
        rows.push(row);
        rest = after;
    }
}

/// A row's text; marked places in style, each followed by its numbers.
fn painted(row: &[Cell], terminal: &Terminal) -> String {
    if !terminal.styled {
        return row.iter().map(|cell| cell.text.as_str()).collect();
    }
    let mut text = String::new();
    for part in row.chunk_by(|a, b| a.numbers == b.numbers) {
        let shown: String = part.iter().map(|cell| cell.text.as_str()).collect();
        let Some(first) = part.first().filter(|first| !first.numbers.is_empty()) else {
            text.push_str(&shown);
            continue;
        };
        let numbers: Vec<String> = first.numbers.iter().map(usize::to_string).collect();
        text.push_str(&terminal.paint(Style::Evidence, &shown));
        text.push_str(&terminal.paint(Style::Dim, &format!("[{}]", numbers.join(","))));
    }
    text
}

/// The rows of `^^^ 1` below a row of text: as few as their marks can share without touching.
fn markers(row: &[Cell]) -> Vec<String> {
    let mut numbers: Vec<usize> = row.iter().flat_map(|cell| cell.numbers.iter().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut lines: Vec<String> = Vec::new();
    let mut pieces: Vec<(usize, String)> = Vec::new();
    for number in numbers {
        let piece = |(at, length): (usize, usize)| (at, format!("{} {number}", "^".repeat(length.max(1))));
        pieces.extend(runs(row, number).into_iter().map(piece));
    }
    pieces.sort();
    for (at, piece) in pieces {
        let free = |line: &&mut String| at == 0 && line.is_empty() || line.chars().count() < at;
        match lines.iter_mut().find(free) {
            Some(line) => line.push_str(&format!("{}{piece}", " ".repeat(at - line.chars().count()))),
            None => lines.push(format!("{}{piece}", " ".repeat(at))),
        }
    }
    lines.truncate(MOST_MARKER_ROWS);
    lines
}

/// Where in a row a hit points: first column and number of columns of each unbroken run.
fn runs(row: &[Cell], number: usize) -> Vec<(usize, usize)> {
    let (mut runs, mut column) = (Vec::new(), 0);
    for part in row.chunk_by(|a, b| a.numbers.contains(&number) == b.numbers.contains(&number)) {
        let columns = part.iter().map(|cell| cell.width).sum();
        if part.first().is_some_and(|cell| cell.numbers.contains(&number)) {
            runs.push((column, columns));
        }
        column += columns;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terminal = Terminal { styled: false, watched: false, talks: false, talk_styled: false, asks: false };

    fn shown(text: &str, marks: &[(usize, usize, usize)]) -> String {
        let marks: Vec<Mark> = marks.iter().map(|&(from, to, number)| Mark { span: (from, to), number }).collect();
        excerpt(text, &marks, &PLAIN).join("\n")
    }

    #[test]
    fn marks_stand_below_what_they_mark() {
        let text = "see http://a.example now\nbye";
        assert_eq!(
            shown(text, &[(4, 20, 1), (0, 3, 2)]),
            "1 │ see http://a.example now\n  │ ^^^ 2\n  │     ^^^^^^^^^^^^^^^^ 1\n2 │ bye"
        );
    }

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(shown("你好x", &[(3, 6, 1)]), "1 │ 你好x\n  │   ^^ 1");
    }

    #[test]
    fn far_lines_and_the_middle_of_long_ones_are_left_out() {
        let text =
            format!("{}{}http://a.example{}\n{}", "x\n".repeat(20), "a".repeat(500), "b".repeat(500), "y\n".repeat(9));
        let shown = shown(&text, &[(540, 556, 1)]);
        assert!(shown.starts_with("   ⋮\n20 │ x\n21 │ …aaa"), "{shown}");
        assert!(shown.contains("^^^^^^^^^^^^^^^^ 1\n22 │ y\n   ⋮"), "{shown}");
        assert!(shown.len() < 400, "{shown}");
    }

    #[test]
    fn an_excerpt_stays_short_whatever_comes() {
        let text = "http://x ".repeat(7000);
        let marks: Vec<(usize, usize, usize)> = (0..7000).map(|n| (n * 9, n * 9 + 8, 1)).collect();
        assert!(shown(&text, &marks).lines().count() <= (1 + MOST_MARKER_ROWS) * MOST_ROWS + 1);
        assert_eq!(shown("", &[]), "");
    }
}
