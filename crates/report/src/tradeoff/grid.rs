//! A table, before it is text for a terminal, Markdown or a page.

use rheostat_score::TradeoffMode;

/// Numbers of submissions, each in one or both modes.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) title: String,
    /// What stands above the numbers.
    pub(super) across: String,
    pub(super) columns: Vec<String>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) submission: String,
    pub(super) mode: Option<TradeoffMode>,
    pub(super) cells: Vec<Cell>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// What is less than the number: its interval.
    pub(super) detail: String,
    pub(super) weight: Weight,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Weight {
    #[default]
    Plain,
    /// The best of its column.
    Best,
    /// Nothing is there.
    Absent,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn absent(text: impl Into<String>) -> Self {
        Self { weight: Weight::Absent, ..Self::new(text) }
    }

    pub(super) fn detail(self, detail: Option<String>) -> Self {
        Self { detail: detail.unwrap_or_default(), ..self }
    }

    pub(super) fn best(self, best: bool) -> Self {
        if best { Self { weight: Weight::Best, ..self } } else { self }
    }
}

impl Grid {
    /// Without the columns in which nothing is.
    pub(super) fn useful(mut self) -> Self {
        let used = |column: usize| {
            let mut own = self.lines.iter().filter_map(|line| line.cells.get(column));
            own.any(|cell| cell.weight != Weight::Absent)
        };
        let keep: Vec<bool> = (0..self.columns.len()).map(used).collect();
        let mut kept = keep.iter();
        self.columns.retain(|_| kept.next().copied().unwrap_or(true));
        for line in &mut self.lines {
            let mut kept = keep.iter();
            line.cells.retain(|_| kept.next().copied().unwrap_or(true));
        }
        self
    }
}

impl Line {
    /// How its submission is named in text.
    pub(super) fn name(&self) -> String {
        match self.mode {
            Some(mode) => format!("{}, {}", self.submission, mode.name()),
            None => self.submission.clone(),
        }
    }
}
