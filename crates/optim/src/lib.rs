//! Optimizers for Burn modules whose every hyperparameter may move at every step.
//!
//! An [`UpdateRule`] yields a direction; [`Optimizer`] drives it over a module and steps along it. Because the two are apart,
//! schedules, line searches, soft resets and accumulation work with every rule. [`Gradients`] accumulates, clips by the
//! global norm and finds the first non-finite tensor; [`weights`] and [`load_weights`] keep a model bit for bit;
//! [`ScheduledRate`] brings any schedule to Burn's own training loop.

mod averaging;
mod buffer;
mod burn_scheduler;
mod decay;
mod error;
mod evaluation;
mod gradients;
mod group;
mod layout;
mod line;
mod line_search;
mod motion;
mod optimizer;
mod reduce;
mod reset;
mod rules;
mod state_file;
mod store;
mod update;
mod value;
mod walk;
mod weights;

pub use averaging::WeightAverage;
pub use buffer::Buffer;
pub use burn_scheduler::ScheduledRate;
pub use error::OptimError;
pub use gradients::Gradients;
pub use group::ParameterGroup;
pub use line::{Line, Searching};
pub use line_search::{SearchError, Searched, find_step_size};
pub use motion::Motion;
pub use optimizer::Optimizer;
pub use reset::reset_weights;
pub use rules::{Parameter, RuleValues, State, Underway, UpdateRule, WholeModel};
pub use update::Update;
pub use value::{Formula, Value};
pub use weights::{load_weights, weights};
