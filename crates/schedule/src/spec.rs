//! Specifications: what a recipe says, before it is checked and resolved.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::check::Checker;
use crate::common::{After, COMMON, Common, Endpoint, WarmupMode, WarmupShape};
use crate::error::ScheduleError;
use crate::frame::Frame;
use crate::methods::method;
use crate::schedule::Schedule;
use crate::shapes::Shape;
use crate::shapes::constant::Constant;
use crate::shapes::cosine::Cosine;
use crate::shapes::cyclic::Cyclic;
use crate::shapes::exponential::Exponential;
use crate::shapes::linear::Linear;
use crate::shapes::multistep::Multistep;
use crate::shapes::noam::Noam;
use crate::shapes::one_cycle::OneCycle;
use crate::shapes::polynomial::Polynomial;
use crate::shapes::product::Product;
use crate::shapes::rsqrt::Rsqrt;
use crate::shapes::sequence::{Part, Sequence};
use crate::shapes::step::Step;
use crate::shapes::warm_restarts::WarmRestarts;
use crate::shapes::wsd::Wsd;
use crate::span::Span;
use crate::value::Value;

/// A schedule as a recipe writes it: a number, or a table whose `method` names the shape.
///
/// It may be wrong; [`check`](Self::check) finds every number out of range, [`resolve`](Self::resolve) makes the
/// [`Schedule`] for a run. Unknown keys are refused. Extending a run means to resolve the same specification in a
/// longer [`Frame`]: fractions and everything that fills the run stretch, what is given in steps stays.
///
/// Writing leaves out the common parameters at their defaults and writes the shape's own in full.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// // In Rust ...
/// let spec: ScheduleSpec = ScheduleSpec::cosine(1e-3).floor(1e-5).warmup(Span::percent(5.0)).into();
/// // ... or from a recipe.
/// let read: ScheduleSpec = toml::from_str(r#"method = "cosine"
/// peak = 1e-3
/// floor = 1e-5
/// warmup = "5 %""#)?;
/// assert_eq!(spec, read);
/// let schedule = spec.resolve(&Frame::steps(1_000))?;
/// assert_eq!(schedule.at(49), 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ScheduleSpec {
    /// One value.
    Constant(Constant),
    /// A straight line.
    Linear(Linear),
    /// A power of the remaining fraction.
    Polynomial(Polynomial),
    /// A factor at regular intervals.
    Step(Step),
    /// A factor at given points.
    Multistep(Multistep),
    /// A constant ratio.
    Exponential(Exponential),
    /// Half a cosine wave.
    Cosine(Cosine),
    /// Cosine cycles that begin again at the peak.
    WarmRestarts(WarmRestarts),
    /// Triangles between two values.
    Cyclic(Cyclic),
    /// Up to the peak, then down far below the start.
    OneCycle(OneCycle),
    /// Warm-up, stable, decay.
    Wsd(Wsd),
    /// Reciprocal square root.
    Rsqrt(Rsqrt),
    /// The schedule of the first Transformer.
    Noam(Noam),
    /// Schedules one after another.
    Sequence(Sequence),
    /// A schedule times a factor.
    Product(Product),
}

/// Evaluates an expression on whichever shape it is.
macro_rules! each {
    ($spec:expr, $shape:ident => $body:expr) => {
        match $spec {
            ScheduleSpec::Constant($shape) => $body,
            ScheduleSpec::Linear($shape) => $body,
            ScheduleSpec::Polynomial($shape) => $body,
            ScheduleSpec::Step($shape) => $body,
            ScheduleSpec::Multistep($shape) => $body,
            ScheduleSpec::Exponential($shape) => $body,
            ScheduleSpec::Cosine($shape) => $body,
            ScheduleSpec::WarmRestarts($shape) => $body,
            ScheduleSpec::Cyclic($shape) => $body,
            ScheduleSpec::OneCycle($shape) => $body,
            ScheduleSpec::Wsd($shape) => $body,
            ScheduleSpec::Rsqrt($shape) => $body,
            ScheduleSpec::Noam($shape) => $body,
            ScheduleSpec::Sequence($shape) => $body,
            ScheduleSpec::Product($shape) => $body,
        }
    };
}

impl ScheduleSpec {
    /// The name of the shape, as in `method`.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Linear(_) => "linear",
            Self::Polynomial(_) => "polynomial",
            Self::Step(_) => "step",
            Self::Multistep(_) => "multistep",
            Self::Exponential(_) => "exponential",
            Self::Cosine(_) => "cosine",
            Self::WarmRestarts(_) => "warm_restarts",
            Self::Cyclic(_) => "cyclic",
            Self::OneCycle(_) => "one_cycle",
            Self::Wsd(_) => "wsd",
            Self::Rsqrt(_) => "rsqrt",
            Self::Noam(_) => "noam",
            Self::Sequence(_) => "sequence",
            Self::Product(_) => "product",
        }
    }

    /// The common parameters.
    pub fn common(&self) -> &Common {
        each!(self, shape => &shape.common)
    }

    /// The common parameters, to change them.
    pub fn common_mut(&mut self) -> &mut Common {
        each!(self, shape => &mut shape.common)
    }

    pub(crate) fn shape(&self) -> &dyn Shape {
        each!(self, shape => shape)
    }

    /// Everything that is wrong whatever the run: numbers out of range, keys missing or at odds. All of it at once.
    pub fn check(&self) -> Vec<ScheduleError> {
        let parameters = method(self.method()).map_or(&[][..], |method| method.parameters);
        let mut found = Checker::new(parameters);
        self.shape().check(&mut found);
        self.common().check(&mut found);
        found.errors
    }

    /// The schedule for a run.
    ///
    /// # Errors
    /// The first fault of [`check`](Self::check), or what does not fit the frame: a span whose unit it cannot
    /// convert, a warm-up that leaves nothing, a phase too short to divide by, points out of order.
    pub fn resolve(&self, frame: &Frame) -> Result<Schedule, ScheduleError> {
        match self.check().into_iter().next() {
            Some(error) => Err(error),
            None => self.assemble(frame),
        }
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, de::value::Error> {
        use serde::de::Error;
        let mut table = match value {
            Value::Table(table) => table,
            Value::Integer(value) => return Ok(Self::Constant(Constant::new(value as f64))),
            Value::Unsigned(value) => return Ok(Self::Constant(Constant::new(value as f64))),
            Value::Number(value) => return Ok(Self::Constant(Constant::new(value))),
            _ => {
                return Err(Error::custom("a schedule is a number or a table with `method`"));
            }
        };
        let name = match table.take("method") {
            Some(Value::Text(name)) => name,
            Some(_) => return Err(Error::custom("`method` must be a text")),
            None => return Err(Error::missing_field("method")),
        };
        let known = method(&name).ok_or_else(|| Error::custom(format!("`{name}` is no schedule")))?;
        let takes = |key: &&str| known.parameter(key).is_none() && COMMON.iter().all(|common| common.name != *key);
        if let Some(key) = table.keys().find(takes) {
            let names: Vec<_> = known.parameters.iter().chain(COMMON).map(|parameter| parameter.name).collect();
            return Err(Error::custom(format!("`{key}` is no key of {name}, which takes {}", names.join(", "))));
        }
        Ok(match name.as_str() {
            "constant" => Self::Constant(table.into()?),
            "linear" => Self::Linear(table.into()?),
            "polynomial" => Self::Polynomial(table.into()?),
            "step" => Self::Step(table.into()?),
            "multistep" => Self::Multistep(table.into()?),
            "exponential" => Self::Exponential(table.into()?),
            "cosine" => Self::Cosine(table.into()?),
            "warm_restarts" => Self::WarmRestarts(table.into()?),
            "cyclic" => Self::Cyclic(table.into()?),
            "one_cycle" => Self::OneCycle(table.into()?),
            "wsd" => Self::Wsd(table.into()?),
            "rsqrt" => Self::Rsqrt(table.into()?),
            "noam" => Self::Noam(table.into()?),
            "sequence" => Self::Sequence(table.into()?),
            "product" => Self::Product(table.into()?),
            _ => return Err(Error::custom(format!("`{name}` is no schedule"))),
        })
    }
}

impl<'de> Deserialize<'de> for ScheduleSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// One constructor a shape, each returning the shape itself: its own setters come with it.
impl ScheduleSpec {
    /// One value; see [`Constant`].
    pub fn constant(value: f64) -> Constant {
        Constant::new(value)
    }

    /// A straight line; see [`Linear`].
    pub fn linear(start: f64, end: f64) -> Linear {
        Linear::new(start, end)
    }

    /// A power of the remaining fraction, down to 0; see [`Polynomial`].
    pub fn polynomial(start: f64, power: f64) -> Polynomial {
        Polynomial::new(start, power)
    }

    /// A factor at regular intervals; see [`Step`].
    pub fn step(peak: f64, gamma: f64, every: Span) -> Step {
        Step::new(peak, gamma, every)
    }

    /// A factor at given points; see [`Multistep`].
    pub fn multistep(peak: f64, gamma: f64, at: impl IntoIterator<Item = Span>) -> Multistep {
        Multistep::new(peak, gamma, at)
    }

    /// A constant ratio from `start` to `end`; see [`Exponential`].
    pub fn exponential(start: f64, end: f64) -> Exponential {
        Exponential::new(start, end)
    }

    /// A constant ratio without an end; see [`Exponential`].
    pub fn exponential_by_gamma(start: f64, gamma: f64, every: Span) -> Exponential {
        Exponential::by_gamma(start, gamma, every)
    }

    /// Half a cosine wave down to 0; see [`Cosine`].
    pub fn cosine(peak: f64) -> Cosine {
        Cosine::new(peak)
    }

    /// Cosine cycles, the first of that length; see [`WarmRestarts`].
    pub fn warm_restarts(peak: f64, first: Span) -> WarmRestarts {
        WarmRestarts::new(peak, first)
    }

    /// Cosine cycles that end at these read-out points; see [`WarmRestarts`].
    pub fn warm_restarts_at(peak: f64, ends: impl IntoIterator<Item = Span>) -> WarmRestarts {
        WarmRestarts::at_ends(peak, ends)
    }

    /// Triangles between two values; see [`Cyclic`].
    pub fn cyclic(floor: f64, peak: f64, up: Span) -> Cyclic {
        Cyclic::new(floor, peak, up)
    }

    /// Up to the peak, then down far below the start; see [`OneCycle`].
    pub fn one_cycle(peak: f64) -> OneCycle {
        OneCycle::new(peak)
    }

    /// Warm-up, stable, decay; see [`Wsd`].
    pub fn wsd(peak: f64, cooldown: Span) -> Wsd {
        Wsd::new(peak, cooldown)
    }

    /// Reciprocal square root; see [`Rsqrt`].
    pub fn rsqrt(peak: f64, timescale: Span) -> Rsqrt {
        Rsqrt::new(peak, timescale)
    }

    /// The schedule of the first Transformer; see [`Noam`].
    pub fn noam(width: f64, warmup: Span) -> Noam {
        Noam::new(width, warmup)
    }

    /// Schedules one after another; see [`Sequence`].
    pub fn sequence(parts: impl IntoIterator<Item = Part>) -> Sequence {
        Sequence::new(parts)
    }

    /// A schedule times a factor; see [`Product`].
    pub fn product(of: impl Into<Self>, times: impl Into<Self>) -> Product {
        Product::new(of, times)
    }
}

impl From<f64> for ScheduleSpec {
    fn from(value: f64) -> Self {
        Self::Constant(Constant::new(value))
    }
}

/// The setters of the common parameters, for the shapes and for the specification.
macro_rules! common_setters {
    ($self:ident => $common:expr) => {
        /// Warms up over that span.
        #[must_use]
        pub fn warmup(mut $self, span: Span) -> Self {
            $common.warmup = Some(span);
            $self
        }

        /// Sets the shape of the warm-up and the fraction it starts from.
        #[must_use]
        pub fn warmup_shape(mut $self, shape: WarmupShape, from: f64) -> Self {
            $common.warmup_shape = shape;
            $common.warmup_from = from;
            $self
        }

        /// Sets the fraction the warm-up starts from.
        #[must_use]
        pub fn warmup_from(mut $self, from: f64) -> Self {
            $common.warmup_from = from;
            $self
        }

        /// With 0, update 0 of the warm-up stands at its start (optax, the papers); with 1 it is one step on.
        #[must_use]
        pub fn warmup_first(mut $self, first: u8) -> Self {
            $common.warmup_first = first;
            $self
        }

        /// Sets how warm-up and main shape combine.
        #[must_use]
        pub fn warmup_mode(mut $self, mode: WarmupMode) -> Self {
            $common.warmup_mode = mode;
            $self
        }

        /// Holds the first value over that span before the main shape begins.
        #[must_use]
        pub fn hold(mut $self, span: Span) -> Self {
            $common.hold = Some(span);
            $self
        }

        common_setters!(after $self => $common);
    };
    (after $self:ident => $common:expr) => {
        /// Sets whether the last update uses the end value.
        #[must_use]
        pub fn endpoint(mut $self, endpoint: Endpoint) -> Self {
            $common.endpoint = endpoint;
            $self
        }

        /// Sets what follows the curve.
        #[must_use]
        pub fn after(mut $self, after: After) -> Self {
            $common.after = after;
            $self
        }

        /// Sets the lowest and the highest value ever given out.
        #[must_use]
        pub fn clamp(mut $self, low: f64, high: f64) -> Self {
            $common.clamp = Some([low, high]);
            $self
        }
    };
}

impl ScheduleSpec {
    common_setters!(self => self.common_mut());
}

/// What every shape can do without going through [`ScheduleSpec`].
macro_rules! shapes {
    ($($shape:ident),*) => {
        $(
            impl From<$shape> for ScheduleSpec {
                fn from(shape: $shape) -> Self {
                    Self::$shape(shape)
                }
            }

            impl $shape {
                /// The schedule for a run; see [`ScheduleSpec::resolve`].
                ///
                /// # Errors
                /// As [`ScheduleSpec::resolve`].
                pub fn resolve(&self, frame: &Frame) -> Result<Schedule, ScheduleError> {
                    ScheduleSpec::from(self.clone()).resolve(frame)
                }
            }
        )*
    };
}

shapes!(
    Constant,
    Linear,
    Polynomial,
    Step,
    Multistep,
    Exponential,
    Cosine,
    WarmRestarts,
    Cyclic,
    OneCycle,
    Wsd,
    Rsqrt,
    Noam,
    Sequence,
    Product
);

macro_rules! shape_setters {
    ($($shape:ident),*) => {
        $(
            impl $shape {
                common_setters!(self => self.common);
            }
        )*
    };
}

// Not Noam: its warm-up is its own.
shape_setters!(
    Constant,
    Linear,
    Polynomial,
    Step,
    Multistep,
    Exponential,
    Cosine,
    WarmRestarts,
    Cyclic,
    OneCycle,
    Wsd,
    Rsqrt,
    Sequence,
    Product
);

impl Noam {
    common_setters!(after self => self.common);
}
