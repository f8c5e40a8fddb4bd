//! Learning-rate schedules, and schedules of any other hyperparameter, as total functions of the step.
//!
//! A [`ScheduleSpec`] says what is wanted, with explicit units ([`Span`]); resolving it for a run ([`Frame`]) gives a
//! [`Schedule`], whose [`at`](Schedule::at) is the value used by each update. No state, no clock, no tensor.
//!
//! ```
//! use rheostat_schedule::{Frame, ScheduleSpec, Span};
//!
//! let spec = ScheduleSpec::cosine(1e-3).floor(1e-5).warmup(Span::percent(5.0));
//! let schedule = spec.resolve(&Frame::steps(10_000))?;
//! for step in 0..10_000 {
//!     let learning_rate = schedule.at(step);
//!     // optimizer.step(learning_rate, gradients);
//!     # assert!(learning_rate.is_finite());
//! }
//! # Ok::<(), rheostat_schedule::ScheduleError>(())
//! ```
//!
//! Conventions. Updates count from 0, and `at(t)` is used by update `t`. A phase of `D` steps has `u = t / D`, so its
//! end value comes one step after its last update ([`Endpoint::Exclusive`]). Spans convert to the nearest step, at
//! least 1. A curve longer than the run is cut by it; a curve shorter than the run is followed by [`After`].

mod check;
mod common;
mod cycled;
mod error;
mod factor;
mod frame;
mod methods;
pub mod parameter;
pub mod presets;
mod schedule;
mod shapes;
mod span;
mod spec;
mod value;

pub use common::{After, COMMON, Common, Endpoint, WarmupMode, WarmupShape};
pub use cycled::{NotCyclable, Restart};
pub use error::ScheduleError;
pub use factor::Factor;
pub use frame::{BatchPiece, BatchPlan, EpochStep, Frame, FrameError};
pub use methods::{METHODS, method};
pub use parameter::{Family, Kind, Method, Parameter};
pub use schedule::Schedule;
pub use shapes::constant::Constant;
pub use shapes::cosine::Cosine;
pub use shapes::cyclic::{Bounds, Cyclic, CyclicMode};
pub use shapes::exponential::Exponential;
pub use shapes::grown::BatchGrowth;
pub use shapes::linear::Linear;
pub use shapes::multistep::Multistep;
pub use shapes::noam::Noam;
pub use shapes::one_cycle::{OneCycle, OneCycleShape};
pub use shapes::polynomial::Polynomial;
pub use shapes::product::Product;
pub use shapes::rsqrt::Rsqrt;
pub use shapes::sequence::{Part, Sequence};
pub use shapes::step::Step;
pub use shapes::warm_restarts::WarmRestarts;
pub use shapes::wsd::{CooldownShape, Wsd};
pub use span::{Span, SpanError};
pub use spec::ScheduleSpec;
