//! Tables for people: columns as wide as their widest cell.

use super::terminal::{safe, width};

/// Rows of cells below a line of headings.
pub(super) struct Table {
    headings: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A column's heading and on which side its cells stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    /// For words.
    Left(&'static str),
    /// For numbers.
    Right(&'static str),
}

impl Table {
    /// A table without rows.
    pub(super) fn new(headings: impl Into<Vec<Column>>) -> Self {
        Self { headings: headings.into(), rows: Vec::new() }
    }

    /// Adds a row; its cells are made safe.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| safe(&cell).into_owned()).collect());
    }

    /// The lines, headings first, without trailing blanks.
    pub(super) fn lines(&self) -> Vec<String> {
        let headings: Vec<String> = self.headings.iter().map(|column| column.heading().to_owned()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(&self.rows).collect();
        let widest = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<usize> = (0..headings.len()).map(|column| widest(column).unwrap_or(0)).collect();
        let line = |row: &&Vec<String>| {
            let cells = row.iter().zip(&self.headings).zip(&widths);
            let cells: Vec<String> = cells.map(|((cell, column), width)| column.pad(cell, *width)).collect();
            cells.join("  ").trim_end().to_owned()
        };
        all.iter().map(line).collect()
    }
}

impl Column {
    fn heading(self) -> &'static str {
        match self {
            Column::Left(heading) | Column::Right(heading) => heading,
        }
    }

    fn pad(self, cell: &str, to: usize) -> String {
        let blanks = " ".repeat(to.saturating_sub(width(cell)));
        match self {
            Column::Left(_) => format!("{cell}{blanks}"),
            Column::Right(_) => format!("{blanks}{cell}"),
        }
    }
}
