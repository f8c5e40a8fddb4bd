//! Ranges, checked without a frame: every fault is collected, none hides another.

use crate::common::COMMON;
use crate::error::ScheduleError;
use crate::parameter::Parameter;
use crate::span::Span;

/// Collects what is wrong with one table.
pub(crate) struct Checker {
    parameters: &'static [Parameter],
    pub(crate) errors: Vec<ScheduleError>,
}

impl Checker {
    pub(crate) fn new(parameters: &'static [Parameter]) -> Self {
        Self { parameters, errors: Vec::new() }
    }

    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().chain(COMMON).find(|parameter| parameter.name == name)
    }

    /// A number against the bounds declared for that key.
    pub(crate) fn number(&mut self, name: &str, value: f64) {
        self.number_at(name, name, value);
    }

    /// The same, reported under another path (an element of a list).
    pub(crate) fn number_at(&mut self, name: &str, field: &str, value: f64) {
        if let Some(parameter) = self.parameter(name)
            && !parameter.accepts(value)
        {
            self.out_of_range(field, value, parameter.range);
        }
    }

    pub(crate) fn span(&mut self, name: &str, span: impl Into<Option<Span>>) {
        if let Some(span) = span.into() {
            self.number(name, span.amount());
        }
    }

    /// A list of spans: not empty, each in range.
    pub(crate) fn spans(&mut self, name: &str, spans: &[Span]) {
        if spans.is_empty() {
            self.push(ScheduleError::Empty { field: name.to_owned() });
        }
        for (index, span) in spans.iter().enumerate() {
            self.number_at(name, &format!("{name}[{index}]"), span.amount());
        }
    }

    /// The floor of a shape, in range and not above its peak.
    pub(crate) fn floor(&mut self, floor: f64, peak: f64) {
        self.number("floor", floor);
        if floor > peak {
            self.out_of_range("floor", floor, "at most peak");
        }
    }

    pub(crate) fn out_of_range(&mut self, field: &str, value: f64, range: &'static str) {
        self.push(ScheduleError::OutOfRange { field: field.to_owned(), value, range });
    }

    pub(crate) fn not_applicable(&mut self, field: &str, reason: &'static str) {
        self.push(ScheduleError::NotApplicable { field: field.to_owned(), reason });
    }

    pub(crate) fn push(&mut self, error: ScheduleError) {
        self.errors.push(error);
    }
}
