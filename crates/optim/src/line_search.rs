use burn::module::Module;
use rheostat_control::{Ask, Base, LineSearch, Outcome, Reason, Verdict};

use crate::{Line, OptimError, Optimizer};

/// The resolution of a loss in single precision, relative to its size: two evaluations at the same weights may differ by so much.
const RESOLUTION: f64 = 4.0 / (1_u64 << 24) as f64;

/// What a line search came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// The step.
    pub verdict: Verdict,
    /// How fast the loss fell along the direction searched last.
    pub decrease: f64,
    /// Losses evaluated at trial points.
    pub trials: u64,
    /// Losses evaluated to measure slopes.
    pub probes: u64,
    /// The loss of the same batch at the step settled on, if that was the point evaluated last; NaN otherwise.
    pub loss_after: f64,
    /// Why no step will be found any more, if the search gave up; nothing is taken then.
    pub gave_up: Option<Reason>,
}

impl Searched {
    /// A step whose size was known before.
    pub fn without_looking(verdict: Verdict) -> Self {
        Self { verdict, decrease: f64::NAN, trials: 0, probes: 0, loss_after: f64::NAN, gave_up: None }
    }
}

/// Why a line search found no step.
#[derive(Debug, thiserror::Error)]
pub enum SearchError<E> {
    /// The optimizer refused.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// The loss of a trial point could not be computed.
    #[error("the loss at a trial point: {0}")]
    Loss(E),
    /// The loss that the search would start from is infinite or NaN: no trial can be compared with it.
    #[error("the loss at the current weights is {loss}: a line search starts from a finite loss")]
    NonFinite {
        /// With the gradient.
        loss: f64,
    },
    /// The loss of the same weights and the same batch came out differently.
    #[error(
        "the same weights and the same batch have loss {first} and then {again}: a line search compares such losses. Give every \
         evaluation of one update the same dropout masks, the same augmentation, and batch statistics in normalisation layers"
    )]
    NotRepeatable {
        /// With the gradient.
        first: f64,
        /// At the trial point of step size 0.
        again: f64,
    },
}

/// Finds the size of one step along a line; [`Optimizer::take`] takes it.
///
/// `loss` is that of the batch at `model`, with which the gradient was computed. `evaluate` gives the loss of the same batch, with the
/// same dropout masks, of the model it gets: an isolated copy in training mode whose running statistics are its own and which takes
/// no part in gradients. Weights are written from `model` for every trial, never from the trial before.
///
/// Gradients of a loss that was multiplied by a loss scaler must be divided by it before [`Optimizer::line`] gets them: their
/// slope is compared with differences of `loss`, which is not scaled.
///
/// With `verify` the loss at step size 0 is evaluated first and must be `loss`: once in a run shows whether the closure repeats.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::tensor::{Device, Tensor};
/// use rheostat_control::line_searches::Alsals;
/// use rheostat_control::optimizers::Adam;
/// use rheostat_control::{Hyperparameters, LineSearchMethod, MetricDirection, Opening, OptimizerSpec, Setting};
/// use rheostat_optim::{Gradients, OptimError, Optimizer, Searching, find_step_size};
/// use rheostat_schedule::Frame;
///
/// let device = Device::flex().autodiff();
/// let model = LinearConfig::new(2, 1).init(&device);
/// let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[])?;
/// let (frame, direction) = (Frame::steps(1000), MetricDirection::Increasing);
/// let run = Setting { frame, evaluate_every: 100, target: 0.9, direction, seed: 0 };
/// let mut search = Alsals::default().resolve(&run).map_err(|mut errors| errors.remove(0))?;
///
/// let batch = Tensor::<2>::ones([4, 2], &device);
/// let loss = |model: &burn::nn::Linear| model.forward(batch.clone()).powf_scalar(2.0).mean();
/// let at_base = loss(&model);
/// let gradients = Gradients::of(&model, at_base.clone().backward())?;
/// let at_base = f64::from(at_base.into_scalar::<f32>());
/// if let Opening::Search(along) = search.open(0, None) {
///     let searching = Searching { along, scales: &[1.0], clipping: 1.0, may_turn: search.may_turn() };
///     let mut line = optimizer.line(&model, gradients, &[Hyperparameters::new()], searching)?;
///     let evaluate = |trial: &burn::nn::Linear| Ok::<_, OptimError>(f64::from(loss(trial).into_scalar::<f32>()));
///     let found = find_step_size(&optimizer, &model, &mut line, at_base, &mut *search, true, evaluate)?;
///     let model = optimizer.take(model, line, &found.verdict)?;
///     assert!(f64::from(loss(&model).into_scalar::<f32>()) < at_base);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SearchError`]; the moments have moved then. A `loss` that is not finite is refused before anything is evaluated.
pub fn find_step_size<M: Module, E>(
    optimizer: &Optimizer,
    model: &M,
    line: &mut Line,
    loss: f64,
    search: &mut dyn LineSearch,
    verify: bool,
    mut evaluate: impl FnMut(&M) -> Result<f64, E>,
) -> Result<Searched, SearchError<E>> {
    if !loss.is_finite() {
        return Err(SearchError::NonFinite { loss });
    }
    let (mut trials, mut probes) = (0, 0);
    // A point where weight decay would flip the weights is as bad as any.
    let mut loss_at = |line: &Line, size: f64, decay: bool| match optimizer.trial(model, line, size, decay)? {
        Some(trial) => evaluate(&trial).map_err(SearchError::Loss),
        None => Ok(f64::INFINITY),
    };
    if verify {
        probes += 1;
        let again = loss_at(line, 0.0, false)?;
        if (again - loss).abs() > RESOLUTION * again.abs().max(loss.abs()) || again.is_nan() {
            return Err(SearchError::NotRepeatable { first: loss, again });
        }
    }
    let mut last = (f64::NAN, f64::NAN);
    let mut ask = search.begin(Base { loss, decrease: line.decrease() });
    let mut gave_up = None;
    let verdict = loop {
        ask = match ask {
            Ask::Try(size) => {
                trials += 1;
                last = (size, loss_at(line, size, true)?);
                search.tell(last.1)
            }
            Ask::Probe(size) => {
                probes += 1;
                search.tell(loss_at(line, size, false)?)
            }
            Ask::Turn(along) => {
                optimizer.turn(model, line, along)?;
                search.begin(Base { loss, decrease: line.decrease() })
            }
            Ask::Settle(verdict) => break verdict,
            Ask::GiveUp(reason) => {
                gave_up = Some(reason);
                break Verdict::applied(0.0, Outcome::Exhausted);
            }
        }
    };
    // Where the update with momentum is applied and another direction was tested, nothing was measured at the new weights.
    let measured = last.0 == verdict.step_size && line.measures(verdict.along);
    let loss_after = if measured { last.1 } else { f64::NAN };
    Ok(Searched { verdict, decrease: line.decrease(), trials, probes, loss_after, gave_up })
}
