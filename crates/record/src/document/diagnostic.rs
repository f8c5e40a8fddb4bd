use std::fmt;

use super::source::Origin;

/// One thing wrong with a recipe or a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, with the value and the permitted range.
    pub message: String,
    /// What would help: the nearest known name, the units there are.
    pub help: Option<String>,
    /// Where.
    pub origin: Origin,
}

impl fmt::Display for Diagnostic {
    /// `file:line:col: message (help)`, one unwrapped line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.origin.line_and_column();
        write!(formatter, "{}:{line}:{column}: {}", self.origin.source.name, self.message.replace('\n', " "))?;
        match &self.help {
            Some(help) => write!(formatter, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a recipe or a study, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DocumentError {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}

/// Collects what is wrong, so that all of it is reported together.
#[derive(Debug, Default)]
pub struct Findings {
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Something is wrong with what stands there. The same is told once.
    pub fn add(&mut self, origin: &Origin, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic { message: message.into(), help, origin: origin.clone() };
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// What another reader found.
    pub fn extend(&mut self, error: DocumentError) {
        for found in error.diagnostics {
            self.add(&found.origin, found.message, found.help);
        }
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The value if nothing is wrong.
    ///
    /// # Errors
    /// Everything that was added, in the order of the texts.
    pub fn or<T>(mut self, value: Option<T>) -> Result<T, DocumentError> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => {
                self.diagnostics.sort_by_key(|found| (found.origin.source.name.clone(), found.origin.span.start));
                Err(DocumentError { diagnostics: self.diagnostics })
            }
        }
    }
}

/// `did you mean ...?` for the nearest of the known names; the whole list if it is short and nothing is near.
pub fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let best = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))?;
    if strsim::jaro_winkler(name, best) >= 0.75 {
        Some(format!("did you mean {best}?"))
    } else {
        Some(format!("known: {}", known.join(", ")))
    }
}
