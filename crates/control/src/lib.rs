//! Decisions about hyperparameters, as data.
//!
//! A [`Controller`] sees what training sees (losses, evaluations, gradient norms) and decides the hyperparameters of the
//! next update, plus actions such as a reset or a stop. A [`LineSearch`] decides the size of one step from scalars. Neither
//! touches a tensor, a clock or a file: the host carries decisions out. So a controller replays, resumes through bytes, and
//! is tested without training anything.
//!
//! ```
//! use rheostat_control::{Controller, Hyperparameter, Observation, OpenLoop};
//! use rheostat_schedule::{Frame, ScheduleSpec, Span};
//!
//! let rate = ScheduleSpec::cosine(1e-3).warmup(Span::Steps(10)).resolve(&Frame::steps(100))?;
//! let mut controller = OpenLoop::new([(Hyperparameter::LearningRate, rate.clone())]);
//! let first = controller.begin();
//! assert_eq!(first.hyperparameters.get(Hyperparameter::LearningRate), Some(rate.at(0)));
//! let next = controller.observe(&Observation::Step { step: 0, loss: 2.3 });
//! assert_eq!(next.hyperparameters.get(Hyperparameter::LearningRate), Some(rate.at(1)));
//! # Ok::<(), rheostat_schedule::ScheduleError>(())
//! ```

pub mod adaptive_heavy_ball;
pub mod autolrs;
pub mod autowu;
mod averaging;
pub mod batch_scaling;
mod bytes;
mod check;
mod controller;
mod controller_spec;
pub mod cycles;
mod error;
mod figures;
mod fixed_step;
pub mod gaussian_process;
mod golden_section;
pub mod grow;
mod hyperparameter;
pub mod inverse;
mod line_search;
mod line_search_spec;
pub mod line_searches;
mod metric_direction;
mod open_loop;
mod optimizer;
pub mod optimizers;
pub mod plateau;
pub mod range_test;
mod replay;
mod setting;
pub mod swd;
mod together;
mod training_method_spec;
pub mod training_methods;
mod turn;

pub use adaptive_heavy_ball::{AdaptiveHeavyBall, AdaptiveHeavyBallController};
pub use autolrs::{AutoLrs, AutoLrsController};
pub use autowu::{AutoWarmUp, AutoWarmUpController};
pub use averaging::{AVERAGING, Averaging, AveragingSpec, ExponentialAverage, StochasticAverage, TailAverage};
pub use batch_scaling::{BatchScaling, ScalingRule};
pub use controller::{Action, Asks, Buffers, Change, Controller, Decision, Observation, Reason, Reset, StopReason};
pub use controller_spec::{CONTROLLERS, ControllerMethod, ControllerSpec, controllers_of};
pub use cycles::{Cycles, CyclesController};
pub use error::ControlError;
pub use fixed_step::FixedStep;
pub use grow::{GrowingBatch, noise_scale};
pub use hyperparameter::{Hyperparameter, Hyperparameters};
pub use inverse::{InverseMomentum, InverseMomentumController};
pub use line_search::{Ask, Base, Direction, LineSearch, Opening, Outcome, Verdict};
pub use line_search_spec::{LINE_SEARCHES, LineSearchMethod, LineSearchSpec, line_searches_of};
pub use metric_direction::MetricDirection;
pub use open_loop::OpenLoop;
pub use optimizer::{BiasCorrection, DecayCoupling, EpsilonPlacement, OPTIMIZERS, OptimizerMethod, OptimizerSpec};
pub use plateau::{Plateau, PlateauController};
pub use range_test::{RangeCurve, RangeTest, RangeTestController, Suggestions};
pub use replay::{Replayed, replay, replay_traced};
pub use setting::Setting;
pub use swd::{ScheduledWeightDecay, ScheduledWeightDecayController};
pub use together::Together;
pub use training_method_spec::{TRAINING_METHODS, TrainingMethod, TrainingMethodSpec};
pub use turn::Turn;
