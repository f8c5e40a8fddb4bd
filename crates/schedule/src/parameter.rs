//! Methods and their parameters, described as data.
//!
//! The recipe checker, the reference pages, `rheostat methods` and the error messages all read these constants, so
//! that a range is written once. Other rooms describe their optimizers and controllers with the same types.

use std::ops::Bound;

/// Largest magnitude of any hyperparameter value: far beyond use, small enough that no intermediate result overflows.
pub const LARGEST: f64 = 1e100;

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A real number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Free text.
    Text,
    /// A length of training, such as `"500 steps"`; see [`Span`](crate::Span).
    Span,
    /// A list of spans.
    Spans,
    /// A list of numbers.
    Numbers,
    /// One of the named choices; the first is the default.
    Choice(&'static [&'static str]),
    /// Two numbers, `[low, high]`.
    Pair,
    /// A schedule: a number or a table with `method`.
    Schedule,
    /// A list of schedules, each with an optional `for = <span>`.
    Parts,
    /// A table with parameters of its own.
    Table(&'static [Parameter]),
    /// A list of such tables.
    Tables(&'static [Parameter]),
}

/// Which table a method belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// An open-loop curve over the updates.
    Schedule,
    /// A rule that turns gradients into a direction.
    Optimizer,
    /// A feedback controller of a hyperparameter.
    Controller,
    /// A line search.
    LineSearch,
    /// An average of the weights.
    Averaging,
    /// A change to samples, model or loss while training.
    TrainingMethod,
}

/// One parameter of a method.
///
/// Built as a constant; [`Parameter::new`] makes a required one without limits, the other methods refine it.
///
/// ```
/// use rheostat_schedule::parameter::{Kind, Parameter};
/// const PATIENCE: Parameter = Parameter::new("patience", Kind::Integer, "bad evaluations tolerated")
///     .default("10")
///     .at_least(0.0, "at least 0")
///     .unit("evaluations");
/// assert!(!PATIENCE.required);
/// assert!(PATIENCE.accepts(3.0) && !PATIENCE.accepts(-1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The key in a recipe.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The default as TOML text; `None` if it is required or absent by default.
    pub default: Option<&'static str>,
    /// Whether it must be given.
    pub required: bool,
    /// The permitted range in words.
    pub range: &'static str,
    /// The lower bound of a number, or of the amount in a span.
    pub lower: Bound<f64>,
    /// The upper bound of a number, or of the amount in a span.
    pub upper: Bound<f64>,
    /// The unit, empty if it has none (or, for the value of a schedule, the hyperparameter's own).
    pub unit: &'static str,
    /// Where the parameter or its default comes from: a paper, an arXiv number, a library.
    pub source: &'static str,
    /// One line of explanation.
    pub help: &'static str,
}

impl Parameter {
    /// A required parameter; numbers may take any value up to [`LARGEST`] in magnitude.
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        let range = match kind {
            Kind::Number | Kind::Numbers | Kind::Pair => "-1e100 to 1e100",
            Kind::Span | Kind::Spans => "at least 0",
            Kind::Boolean => "true or false",
            Kind::Choice(_) => "one of the choices",
            _ => "",
        };
        let lower = match kind {
            Kind::Span | Kind::Spans => Bound::Included(0.0),
            _ => Bound::Included(-LARGEST),
        };
        let upper = Bound::Included(LARGEST);
        Self { name, kind, default: None, required: true, range, lower, upper, unit: "", source: "", help }
    }

    /// A required parameter that takes one of these names.
    pub const fn choice(name: &'static str, choices: &'static [&'static str], help: &'static str) -> Self {
        Self::new(name, Kind::Choice(choices), help)
    }

    /// Gives it a default, as TOML text.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.required = false;
        self
    }

    /// Makes it optional without a default.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Limits the number, with the same limits in words.
    pub const fn range(mut self, lower: Bound<f64>, upper: Bound<f64>, words: &'static str) -> Self {
        self.lower = lower;
        self.upper = upper;
        self.range = words;
        self
    }

    /// Requires at least `lowest`.
    pub const fn at_least(self, lowest: f64, words: &'static str) -> Self {
        self.range(Bound::Included(lowest), Bound::Included(LARGEST), words)
    }

    /// Requires more than 0.
    pub const fn positive(self) -> Self {
        self.range(Bound::Excluded(0.0), Bound::Included(LARGEST), "more than 0")
    }

    /// Names the unit.
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Names the source.
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// Whether a number lies within the bounds. NaN and infinities never do.
    pub fn accepts(&self, value: f64) -> bool {
        let above = match self.lower {
            Bound::Included(bound) => value >= bound,
            Bound::Excluded(bound) => value > bound,
            Bound::Unbounded => true,
        };
        let below = match self.upper {
            Bound::Included(bound) => value <= bound,
            Bound::Excluded(bound) => value < bound,
            Bound::Unbounded => true,
        };
        value.is_finite() && above && below
    }
}

/// One method: a schedule shape, an optimizer, a controller or a line search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// The value of the key `method`.
    pub name: &'static str,
    /// Which table it belongs to.
    pub family: Family,
    /// One line: what it does.
    pub summary: &'static str,
    /// Its own parameters; schedules take those of [`COMMON`](crate::COMMON) besides.
    pub parameters: &'static [Parameter],
    /// The paper or library it follows.
    pub reference: &'static str,
}

impl Method {
    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
