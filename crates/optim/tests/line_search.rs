//! The driver of line searches: isolation, repeatability, groups, clipping, decay, memory.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use common::{CURVATURE, START, Vector, alone, rate, tensor};
use rheostat_control::optimizers::{Adam, Adamw, HeavyBall, HeavyBallForm, Sgd};
use rheostat_control::{
    Ask, Base, ControlError, Direction, Hyperparameter, Hyperparameters, LineSearch, LineSearchMethod, MetricDirection,
    Opening, OptimizerSpec, Outcome, Setting, Verdict,
};
use rheostat_optim::{
    Gradients, OptimError, Optimizer, ParameterGroup, SearchError, Searched, Searching, find_step_size, weights,
};
use rheostat_schedule::Frame;

/// Halves the step until the loss falls, or the step is hardly one.
struct Halving {
    size: f64,
    base: f64,
}

impl Halving {
    fn from(size: f64) -> Self {
        Self { size, base: f64::NAN }
    }
}

impl LineSearch for Halving {
    fn open(&mut self, _: u64, _: Option<f64>) -> Opening {
        Opening::Search(Direction::Applied)
    }

    fn begin(&mut self, base: Base) -> Ask {
        self.base = base.loss;
        Ask::Try(self.size)
    }

    fn tell(&mut self, loss: f64) -> Ask {
        if loss < self.base || self.size < 1e-4 {
            return Ask::Settle(Verdict::applied(self.size, Outcome::Satisfied));
        }
        self.size /= 2.0;
        Ask::Try(self.size)
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, _: &[u8]) -> Result<(), ControlError> {
        Ok(())
    }
}

/// Batch norm and dropout: what a trial must not move, and what it must repeat.
#[derive(Module, Debug)]
struct Net {
    first: Linear,
    norm: BatchNorm,
    dropout: Dropout,
    last: Linear,
}

impl Net {
    fn new(device: &Device) -> Self {
        device.seed(1);
        Self {
            first: LinearConfig::new(4, 8).init(device),
            norm: BatchNormConfig::new(8).init(device),
            dropout: DropoutConfig::new(0.5).init(),
            last: LinearConfig::new(8, 1).init(device),
        }
    }

    fn loss(&self, batch: &Tensor<2>) -> Tensor<1> {
        let hidden = self.dropout.forward(self.norm.forward(self.first.forward(batch.clone())));
        self.last.forward(hidden).sub_scalar(1.0).powf_scalar(2.0).mean()
    }
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn batch() -> Tensor<2> {
    device().seed(2);
    Tensor::random([16, 4], Distribution::Normal(1.0, 1.0), &device())
}

fn scalar(loss: Tensor<1>) -> f64 {
    f64::from(loss.into_scalar::<f32>())
}

fn searching(scales: &[f64]) -> Searching<'_> {
    Searching { along: Direction::Applied, scales, clipping: 1.0, may_turn: false }
}

const NOTHING: [Hyperparameters; 1] = [Hyperparameters::new()];

/// One searched update of the net; `repeats` says whether every evaluation has the same dropout masks.
fn update(
    net: Net,
    optimizer: &mut Optimizer,
    size: f64,
    repeats: bool,
) -> Result<(Net, Searched), SearchError<OptimError>> {
    let batch = batch();
    device().seed(3);
    let output = net.loss(&batch);
    let loss = scalar(output.clone());
    let gradients = Gradients::of(&net, output.backward()).unwrap();
    let mut line = optimizer.line(&net, gradients, &NOTHING, searching(&[1.0])).unwrap();
    let evaluate = |trial: &Net| {
        if repeats {
            device().seed(3);
        }
        Ok(scalar(trial.loss(&batch)))
    };
    let found = find_step_size(optimizer, &net, &mut line, loss, &mut Halving::from(size), true, evaluate)?;
    Ok((optimizer.take(net, line, &found.verdict).unwrap(), found))
}

#[test]
fn a_searched_step_is_the_step_of_that_size_to_the_bit() {
    let _turn = alone();
    let spec = OptimizerSpec::Adamw(Adamw::default());
    let searched = Net::new(&device());
    let mut optimizer = Optimizer::new(&spec, &searched, &[]).unwrap();
    let (searched, found) = update(searched, &mut optimizer, 64.0, true).unwrap();
    assert!(found.trials > 1 && found.probes == 1, "{found:?}");

    let stepped = Net::new(&device());
    let mut optimizer = Optimizer::new(&spec, &stepped, &[]).unwrap();
    let batch = batch();
    device().seed(3);
    let gradients = Gradients::of(&stepped, stepped.loss(&batch).backward()).unwrap();
    let rate = Hyperparameters::new().with(Hyperparameter::LearningRate, found.verdict.step_size);
    let stepped = optimizer.step(stepped, gradients, &[rate]).unwrap();
    // Running statistics included: trials moved none.
    assert_eq!(weights(&searched).unwrap(), weights(&stepped).unwrap());
    device().seed(3);
    assert_eq!(scalar(searched.valid().train().loss(&batch)), found.loss_after);
}

#[test]
fn a_loss_that_does_not_repeat_is_found_at_the_first_step() {
    let _turn = alone();
    let net = Net::new(&device());
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &net, &[]).unwrap();
    let error = update(net, &mut optimizer, 0.1, false).unwrap_err();
    assert!(matches!(error, SearchError::NotRepeatable { first, again } if first != again), "{error}");
    assert!(error.to_string().contains("dropout masks"), "{error}");
}

#[test]
fn a_loss_that_is_not_finite_is_refused_before_any_trial() {
    let model = Vector::new(&[1.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[]).unwrap();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut line = optimizer.line(&model, model.gradients(&[2.0]), &NOTHING, searching(&[1.0])).unwrap();
        let evaluate = |_: &Vector| -> Result<f64, OptimError> { panic!("a trial was evaluated") };
        let mut search = Halving::from(0.1);
        let found = find_step_size(&optimizer, &model, &mut line, wrong, &mut search, true, evaluate);
        let error = found.unwrap_err();
        assert!(matches!(error, SearchError::NonFinite { loss } if loss.to_bits() == wrong.to_bits()), "{error}");
        assert_eq!(
            error.to_string(),
            format!("the loss at the current weights is {wrong}: a line search starts from a finite loss")
        );
        assert!(search.base.is_nan(), "the search was not asked");
    }
}

#[test]
fn a_step_that_satisfies_its_criterion_does_so_when_its_loss_is_computed_again() {
    use rheostat_control::line_searches::{AdamSls, Alsals, Criterion, Salsa, Sls, Tested};
    let (sgd, adam) = (OptimizerSpec::Sgd(Sgd::default()), OptimizerSpec::Adam(Adam::default()));
    satisfied_again(&Sls::default(), &sgd, 0.1);
    satisfied_again(&Sls { criterion: Criterion::Goldstein, ..Sls::default() }, &sgd, 0.1);
    satisfied_again(&AdamSls::default(), &adam, 0.1);
    satisfied_again(&Alsals::plain(), &adam, 0.6);
    satisfied_again(&Salsa { smoothing: 0.0, ..Salsa::default() }, &adam, 0.3);
    satisfied_again(&Salsa { smoothing: 0.0, tested: Tested::Applied, ..Salsa::default() }, &adam, 0.3);
}

/// Minimises a quadratic in double precision, and looks again at every step that was accepted: `f(x) - f(x - eta d) >= c eta <g, d>`.
fn satisfied_again(spec: &impl LineSearchMethod, optimizer: &OptimizerSpec, c: f64) {
    let loss = |weights: &[f64]| -> f64 { weights.iter().zip(CURVATURE).map(|(x, a)| 0.5 * a * x * x).sum() };
    let (frame, direction) = (Frame::unbounded(), MetricDirection::Increasing);
    let setting = Setting { frame, evaluate_every: 10, target: 0.9, direction, seed: 0 };
    let mut search = spec.resolve(&setting).unwrap();
    let mut model = Vector::new(&START);
    let mut optimizer = Optimizer::new(optimizer, &model, &[]).unwrap();
    let mut satisfied = 0;
    for step in 0..30 {
        let before = model.values();
        let gradient: Vec<f64> = before.iter().zip(CURVATURE).map(|(x, a)| a * x).collect();
        let gradients = model.gradients(&gradient);
        let along = match search.open(step, None) {
            Opening::Search(along) => along,
            Opening::Settled(verdict) => {
                model = optimizer.step(model, gradients, &[rate(verdict.step_size)]).unwrap();
                continue;
            }
        };
        let searching = Searching { along, may_turn: search.may_turn(), ..searching(&[1.0]) };
        let mut line = optimizer.line(&model, gradients, &NOTHING, searching).unwrap();
        let evaluate = |trial: &Vector| Ok::<_, OptimError>(loss(&trial.values()));
        let base = loss(&before);
        let found = find_step_size(&optimizer, &model, &mut line, base, &mut *search, true, evaluate).unwrap();
        let size = found.verdict.step_size;
        if found.verdict.outcome == Outcome::Satisfied {
            satisfied += 1;
            let at = |size| optimizer.trial(&model, &line, size, true).unwrap().unwrap().values();
            // The direction, from weights a whole step away.
            let slope: f64 = gradient.iter().zip(before.iter().zip(at(1.0))).map(|(g, (x, away))| g * (x - away)).sum();
            let fall = base - loss(&at(size));
            let (name, least) = (spec.method().name, c * size * slope);
            assert!((slope - found.decrease).abs() <= 1e-12 * slope.abs(), "{name}: {slope} {}", found.decrease);
            assert!(fall >= least - 1e-12 * base.max(least.abs()), "{name}: {fall} below {least}");
        }
        model = optimizer.take(model, line, &found.verdict).unwrap();
        let reached = loss(&model.values());
        assert!(found.loss_after.is_nan() || (found.loss_after - reached).abs() <= 1e-12 * base, "{found:?} {reached}");
    }
    assert!(satisfied > 3, "{}: {satisfied}", spec.method().name);
}

#[test]
fn a_step_along_the_gradient_has_its_loss_measured() {
    let model = Vector::new(&[1.0, -2.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &[]).unwrap();
    let along = Searching { along: Direction::NegativeGradient, ..searching(&[1.0]) };
    let mut line = optimizer.line(&model, model.gradients(&[1.0, -2.0]), &NOTHING, along).unwrap();
    assert_eq!(line.decrease(), 5.0);
    let loss = |model: &Vector| model.values().iter().map(|x| 0.5 * x * x).sum::<f64>();
    let evaluate = |trial: &Vector| Ok::<_, OptimError>(loss(trial));
    let mut search = Halving::from(0.5);
    let found = find_step_size(&optimizer, &model, &mut line, 2.5, &mut search, true, evaluate).unwrap();
    let model = optimizer.take(model, line, &found.verdict).unwrap();
    assert_eq!((found.verdict.step_size, found.loss_after), (0.5, loss(&model)));
}

#[test]
fn a_search_turns_once() {
    let model = Vector::new(&[1.0, 2.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[]).unwrap();
    let turning = Searching { may_turn: true, ..searching(&[1.0]) };
    let mut line = optimizer.line(&model, model.gradients(&[2.0, -3.0]), &NOTHING, turning).unwrap();
    optimizer.turn(&model, &mut line, Direction::NegativeGradient).unwrap();
    assert_eq!(line.decrease(), 13.0);
    let error = optimizer.turn(&model, &mut line, Direction::WithoutMomentum).unwrap_err();
    assert_eq!(error, OptimError::GradientNotKept);
    // Of plain gradient descent every direction is the gradient.
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &[]).unwrap();
    let mut line = optimizer.line(&model, model.gradients(&[2.0, -3.0]), &NOTHING, turning).unwrap();
    optimizer.turn(&model, &mut line, Direction::WithoutMomentum).unwrap();
    assert_eq!(line.decrease(), 13.0);
    assert_eq!(optimizer.trial(&model, &line, 0.5, true).unwrap().unwrap().values(), [0.0, 3.5]);
}

#[test]
fn a_trial_shares_nothing_with_the_model() {
    let _turn = alone();
    let net = Net::new(&device());
    let before = weights(&net).unwrap();
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &net, &[]).unwrap();
    let gradients = Gradients::of(&net, net.loss(&batch()).backward()).unwrap();
    let after_gradient = weights(&net).unwrap();
    assert_ne!(before, after_gradient, "the gradient's forward pass moves running statistics");
    let line = optimizer.line(&net, gradients, &NOTHING, searching(&[1.0])).unwrap();
    let trial = optimizer.trial(&net, &line, 0.5, true).unwrap().unwrap();
    trial.loss(&batch());
    trial.loss(&batch());
    assert_eq!(weights(&net).unwrap(), after_gradient);
    assert_ne!(weights(&trial).unwrap(), after_gradient);
    struct Trained(usize);
    impl ModuleVisitor for Trained {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            self.0 += usize::from(parameter.val().is_require_grad());
        }
    }
    let mut trained = Trained(0);
    trial.visit(&mut trained);
    assert_eq!(trained.0, 0, "a trial takes no part in gradients");
}

#[test]
fn groups_step_by_their_share_and_count_by_it() {
    #[derive(Module, Debug)]
    struct Two {
        one: Vector,
        other: Vector,
    }
    let model = Two { one: Vector::new(&[1.0]), other: Vector::new(&[1.0]) };
    let groups = [ParameterGroup::matching("other").unwrap()];
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &groups).unwrap();
    let loss = (model.one.theta.val() * tensor(&[3.0]) + model.other.theta.val() * tensor(&[5.0])).sum();
    let gradients = Gradients::of(&model, loss.backward()).unwrap();
    let values = [Hyperparameters::new(), Hyperparameters::new().with(Hyperparameter::WeightDecay, 0.0)];
    let line = optimizer.line(&model, gradients, &values, searching(&[1.0, 0.5])).unwrap();
    assert_eq!(line.decrease(), 3.0 * 3.0 + 0.5 * 5.0 * 5.0);
    let trial = optimizer.trial(&model, &line, 0.1, true).unwrap().unwrap();
    let close = |got: f64, wanted: f64| assert!((got - wanted).abs() < 1e-15, "{got} instead of {wanted}");
    close(trial.one.values()[0], 1.0 - 0.1 * 3.0);
    close(trial.other.values()[0], 1.0 - 0.05 * 5.0);
    let verdict = Verdict::applied(0.1, Outcome::Satisfied);
    let model = optimizer.take(model, line, &verdict).unwrap();
    assert_eq!(model.other.values(), trial.other.values());
}

#[test]
fn the_decrease_is_that_of_the_gradient_before_clipping() {
    let model = Vector::new(&[0.0, 0.0]);
    let mut gradients = model.gradients(&[3.0, -4.0]);
    gradients.clip(1.0).unwrap();
    let clipping = gradients.norm().unwrap() / 5.0;
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &[]).unwrap();
    let line = optimizer.line(&model, gradients, &NOTHING, Searching { clipping, ..searching(&[1.0]) }).unwrap();
    // <g, d> with d of norm 1 along g of norm 5.
    assert!((line.decrease() - 5.0).abs() < 1e-5, "{}", line.decrease());
}

#[test]
fn weight_decay_is_in_trials_and_not_in_probes() {
    let model = Vector::new(&[1.0]);
    let spec = OptimizerSpec::Adamw(Adamw { weight_decay: Some(0.5), ..Adamw::default() });
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let line = optimizer.line(&model, model.gradients(&[2.0]), &NOTHING, searching(&[1.0])).unwrap();
    let at = |size, decay| optimizer.trial(&model, &line, size, decay).unwrap().map(|trial| trial.values()[0]);
    let close = |got: Option<f64>, wanted: f64| assert!((got.unwrap() - wanted).abs() < 1e-8, "{got:?}, not {wanted}");
    close(at(0.1, true), 1.0 - 0.05 - 0.1);
    close(at(0.1, false), 1.0 - 0.1);
    // Where decay would flip the weights nothing is evaluated, and the search is told infinity.
    assert_eq!(at(2.0, true), None);
    close(at(2.0, false), -1.0);
}

#[test]
fn a_step_of_size_zero_leaves_the_weights_to_the_bit() {
    let model = Vector::new(&[0.1, -0.0]);
    let spec = OptimizerSpec::Adamw(Adamw::default());
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let line = optimizer.line(&model, model.gradients(&[2.0, 1.0]), &NOTHING, searching(&[1.0])).unwrap();
    let model = optimizer.take(model, line, &Verdict::applied(0.0, Outcome::Exhausted)).unwrap();
    let bits: Vec<_> = model.values().iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, [0.1_f64.to_bits(), (-0.0_f64).to_bits()]);
}

#[test]
fn polyaks_momentum_is_added_to_the_step_found_along_the_gradient() {
    let curvatures = [1.0, 10.0];
    let spec = HeavyBall { form: HeavyBallForm::Polyak, momentum: Some(0.6), ..HeavyBall::default() };
    let mut model = Vector::new(&[1.0, -2.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::HeavyBall(spec), &model, &[]).unwrap();
    let (mut last, mut now) = ([1.0, -2.0], [1.0, -2.0]);
    let close = |got: Vec<f64>, wanted: [f64; 2]| {
        got.iter().zip(wanted).for_each(|(got, wanted)| assert!((got - wanted).abs() < 1e-14, "{got}, not {wanted}"));
    };
    for size in [0.1, 0.05, 0.2, 0.0, 0.1, 0.01] {
        let gradient = [0, 1].map(|index| curvatures[index] * now[index]);
        let along = Searching { along: Direction::NegativeGradient, ..searching(&[1.0]) };
        let line = optimizer.line(&model, model.gradients(&gradient), &NOTHING, along).unwrap();
        assert!((line.decrease() - gradient.iter().map(|g| g * g).sum::<f64>()).abs() < 1e-12);
        // Losses are measured without the momentum.
        let trial = optimizer.trial(&model, &line, 0.3, true).unwrap().unwrap();
        close(trial.values(), [0, 1].map(|index| now[index] - 0.3 * gradient[index]));
        model = optimizer.take(model, line, &Verdict::applied(size, Outcome::Satisfied)).unwrap();
        let momentum = if size == 0.0 { 0.0 } else { 0.6 };
        let next = [0, 1].map(|index| now[index] - size * gradient[index] + momentum * (now[index] - last[index]));
        close(model.values(), next);
        (last, now) = (now, next);
    }
    let along = searching(&[1.0]);
    let error = optimizer.line(&model, model.gradients(&[1.0, 1.0]), &NOTHING, along).unwrap_err();
    assert!(matches!(error, OptimError::ContainsRate { .. }), "its direction has no size to be found: {error}");
}

#[test]
fn turning_needs_the_gradient() {
    let model = Vector::new(&[1.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[]).unwrap();
    let mut line = optimizer.line(&model, model.gradients(&[2.0]), &NOTHING, searching(&[1.0])).unwrap();
    let error = optimizer.turn(&model, &mut line, Direction::WithoutMomentum).unwrap_err();
    assert_eq!(error, OptimError::GradientNotKept);
}

/// Resident memory in bytes, where the system tells.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<u64>().ok()?;
    Some(pages * 4096)
}

#[test]
fn memory_stays_flat_over_ten_thousand_steps_with_trials() {
    let _turn = alone();
    let mut net = Net::new(&device());
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &net, &[]).unwrap();
    let mut early = None;
    for step in 0..10_000 {
        net = update(net, &mut optimizer, 1e-3, true).unwrap().0;
        if step == 1_000 {
            early = resident();
        }
    }
    if let (Some(early), Some(late)) = (early, resident()) {
        // A pass whose graph nobody frees keeps more than 10 kB: 200 MB over these steps and their passes.
        assert!(late < early + (4 << 20), "{early} bytes after 1,000 steps, {late} after 10,000");
    }
}
