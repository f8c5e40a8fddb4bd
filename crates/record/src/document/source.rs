use std::ops::Range;
use std::sync::Arc;

/// A text that values come from: a recipe file, a `--set`, or a workload's default recipe.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// How messages call it: the path as given, `--set KEY`, `default recipe of WORKLOAD`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where in which text a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The text.
    pub source: Arc<Source>,
    /// Bytes of the text.
    pub span: Range<usize>,
}

impl Source {
    /// A text under a name.
    pub fn new(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), text: text.to_owned() })
    }
}

impl Origin {
    /// Line and column, from 1; the column counts characters.
    pub fn line_and_column(&self) -> (usize, usize) {
        let start = self.span.start.min(self.source.text.len());
        let before = self.source.text.get(..start).unwrap_or(&self.source.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
