//! Reduction on a plateau: when it cuts, by how much, and what it says.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::plateau::{NonFinite, ThresholdMode, Watch};
use rheostat_control::{
    Controller, ControllerMethod, Decision, Hyperparameter, MetricDirection, Observation, Plateau, Setting,
};
use rheostat_schedule::{Frame, ScheduleSpec, Span};

fn setting(direction: MetricDirection) -> Setting {
    Setting { frame: Frame::steps(1_000), evaluate_every: 10, target: 0.9, direction, seed: 0 }
}

fn of(spec: &Plateau, which: Hyperparameter, direction: MetricDirection) -> Box<dyn Controller> {
    let mut controller = spec.resolve(which, &setting(direction)).expect("resolves");
    controller.begin();
    controller
}

fn rate(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::LearningRate).expect("it owns the rate")
}

fn evaluated(controller: &mut dyn Controller, updates: u64, value: f64) -> Decision {
    controller.observe(&Observation::Evaluation { updates, loss: value, metric: value })
}

/// The rates after each of these evaluations.
fn rates(spec: &Plateau, direction: MetricDirection, values: &[f64]) -> Vec<f64> {
    let mut controller = of(spec, Hyperparameter::LearningRate, direction);
    (1..).zip(values).map(|(at, value)| rate(&evaluated(&mut *controller, at, *value))).collect()
}

fn decreasing(spec: &Plateau, values: &[f64]) -> Vec<f64> {
    rates(spec, MetricDirection::Decreasing, values)
}

/// Halves after `patience` + 1 bad evaluations.
fn halving(patience: u64) -> Plateau {
    Plateau { factor: 0.5, patience, ..Plateau::from_peak(1.0) }
}

/// The metrics of the trace made with PyTorch 2.15.
const METRICS: [f64; 13] = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8];
const RATES: [f64; 13] = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25];

#[test]
fn it_cuts_where_torch_cuts() {
    assert_eq!(decreasing(&Plateau { cooldown: 1, ..halving(2) }, &METRICS), RATES);
    let mirrored = METRICS.map(|value| 2.0 - value);
    let watch = Plateau { cooldown: 1, watch: Watch::Metric, ..halving(2) };
    assert_eq!(rates(&watch, MetricDirection::Increasing, &mirrored), RATES);
}

#[test]
fn a_metric_below_zero_that_worsens_is_cut() {
    // PyTorch takes each of these for an improvement: best * (1 - threshold) is above a negative best.
    assert_eq!(decreasing(&halving(1), &[-1.0, -0.99995, -0.9999]), [1.0, 1.0, 0.5]);
    let falling: Vec<f64> = (0..50).map(|at| -1.0 - 0.01 * f64::from(at)).collect();
    assert!(decreasing(&halving(0), &falling).iter().all(|rate| *rate == 1.0));
}

#[test]
fn values_that_are_not_finite_are_the_worst_or_left_out() {
    let values = [1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.9, f64::NAN, f64::NAN];
    // Two bad ones in a row cut, as with PyTorch's trace of NaN.
    assert_eq!(decreasing(&halving(1), &values), [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25]);
    let ignoring = Plateau { on_non_finite: NonFinite::Ignore, ..halving(1) };
    assert_eq!(decreasing(&ignoring, &values), [1.0; 7]);
    assert_eq!(decreasing(&halving(1), &[f64::NAN; 5]), [1.0, 0.5, 0.5, 0.25, 0.25]);
}

#[test]
fn the_first_finite_value_is_the_best() {
    for first in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(decreasing(&halving(1), &[first, 1e90, 1e89, 1e90]), [1.0; 4], "{first}");
    }
}

#[test]
fn patience_is_the_number_of_bad_evaluations_tolerated() {
    for patience in [0, 1, 2, 10] {
        let rates = decreasing(&halving(patience), &[1.0; 14]);
        let cut = rates.iter().position(|rate| *rate < 1.0);
        // The first is the best, then come `patience` that are tolerated.
        assert_eq!(cut, Some(patience as usize + 1));
    }
}

#[test]
fn the_threshold_is_a_share_or_a_difference() {
    let slowly: Vec<f64> = (0..6).map(|at| 100.0 - f64::from(at)).collect();
    let relative = Plateau { threshold: 0.05, ..halving(2) };
    assert_eq!(decreasing(&relative, &slowly), [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]);
    let absolute = Plateau { threshold: 0.05, threshold_mode: ThresholdMode::Absolute, ..halving(2) };
    assert_eq!(decreasing(&absolute, &slowly), [1.0; 6]);
    let strict = Plateau { threshold: 1.0, threshold_mode: ThresholdMode::Absolute, ..halving(2) };
    // Exactly the threshold better is not better.
    assert_eq!(decreasing(&strict, &slowly)[..3], [1.0; 3]);
    assert_eq!(decreasing(&Plateau { patience: 0, ..strict }, &slowly)[..2], [1.0, 0.5]);
}

#[test]
fn after_a_reduction_the_cooldown_counts_none_as_bad() {
    let spec = Plateau { cooldown: 3, ..halving(0) };
    assert_eq!(decreasing(&spec, &[1.0; 10]), [1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125]);
}

#[test]
fn no_reduction_goes_below_the_floor_or_is_too_small_to_make() {
    let floored = Plateau { floor: 0.3, ..halving(0) };
    assert_eq!(decreasing(&floored, &[1.0; 6]), [1.0, 0.5, 0.3, 0.3, 0.3, 0.3]);
    let coarse = Plateau { smallest_change: 0.2, ..halving(0) };
    assert_eq!(decreasing(&coarse, &[1.0; 6]), [1.0, 0.5, 0.25, 0.25, 0.25, 0.25]);
    let mut controller = of(&coarse, Hyperparameter::LearningRate, MetricDirection::Decreasing);
    let reasons = (1..20).filter(|at| evaluated(&mut *controller, *at, 1.0).reason.is_some()).count();
    assert_eq!(reasons, 2, "a reduction that is not made is not announced");
}

#[test]
fn the_factor_multiplies_the_schedule_and_the_floor_never_raises_it() {
    let schedule = ScheduleSpec::linear(1.0, 0.0);
    let plain = schedule.resolve(&Frame::steps(1_000)).unwrap();
    let spec = Plateau { floor: 0.2, patience: 0, factor: 0.5, ..Plateau::over(schedule) };
    let mut controller = spec.resolve(Hyperparameter::LearningRate, &setting(MetricDirection::Decreasing)).unwrap();
    assert_eq!(rate(&controller.begin()), 1.0);
    evaluated(&mut *controller, 0, 1.0);
    for step in 0..1_000 {
        if step > 0 && step % 100 == 0 {
            // After the second the floor is reached: there is nothing left to reduce.
            assert_eq!(evaluated(&mut *controller, step, 1.0).reason.is_some(), step <= 200);
        }
        let own = plain.at(step + 1);
        let multiplier = [1.0, 0.5, 0.25][usize::try_from(step / 100).unwrap().min(2)];
        let want = f64::max(multiplier * own, own.min(0.2));
        assert_eq!(rate(&controller.observe(&Observation::Step { step, loss: 1.0 })), want, "{step}");
    }
}

#[test]
fn an_update_that_was_refused_does_not_move_the_schedule() {
    let spec = Plateau::over(ScheduleSpec::linear(1.0, 0.0));
    let mut controller = of(&spec, Hyperparameter::LearningRate, MetricDirection::Decreasing);
    assert_eq!(rate(&controller.observe(&Observation::Step { step: 499, loss: 1.0 })), 0.5);
    assert_eq!(rate(&controller.observe(&Observation::Step { step: 500, loss: f64::NAN })), 0.5);
    assert!(rate(&controller.observe(&Observation::Step { step: 500, loss: 1.0 })) < 0.5);
}

#[test]
fn a_mean_of_several_evaluations_counts_as_one() {
    let spec = Plateau { accumulate: 3, ..halving(0) };
    // Means 1, 1, 0.9; a single low value in the second three is no improvement.
    let values = [1.0, 1.0, 1.0, 0.5, 1.5, 1.0, 0.9, 0.9, 0.9];
    assert_eq!(decreasing(&spec, &values), [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]);
    let holed = [1.0, 1.0, 1.0, 0.9, f64::NAN, 0.9];
    assert_eq!(decreasing(&spec, &holed)[5], 0.5, "one that is not finite makes the mean bad");
    let ignoring = Plateau { on_non_finite: NonFinite::Ignore, ..spec };
    assert_eq!(decreasing(&ignoring, &[&holed[..], &[0.9, 0.9]].concat()), [1.0; 8]);
}

#[test]
fn smoothing_hides_a_single_good_value() {
    let values = [1.0, 0.2, 1.0, 1.0, 1.0, 1.0];
    let bare = decreasing(&halving(2), &values);
    assert_eq!(bare, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
    // 1, 0.92, 0.928, 0.9352, ...: worse than the best after the second, too.
    assert_eq!(decreasing(&Plateau { smoothing: Some(0.1), ..halving(2) }, &values), bare);
    // 1, 0.6, 0.8, 0.5, 0.75, 0.475: better than the best at the second, fourth and sixth.
    let wavy = [1.0, 0.2, 1.0, 0.2, 1.0, 0.2];
    assert_eq!(decreasing(&Plateau { smoothing: Some(0.5), ..halving(1) }, &wavy), [1.0; 6]);
    assert_eq!(decreasing(&halving(1), &wavy), [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
    // What is not finite counts as bad and leaves the average as it is.
    let holed = [1.0, f64::NAN, 0.9, f64::NAN, 0.8];
    assert_eq!(decreasing(&Plateau { smoothing: Some(0.5), ..halving(1) }, &holed), [1.0; 5]);
}

#[test]
fn the_training_loss_is_the_mean_between_two_evaluations() {
    let spec = Plateau { watch: Watch::TrainLoss, ..halving(0) };
    let mut controller = of(&spec, Hyperparameter::LearningRate, MetricDirection::Increasing);
    let mut told = |step: &mut u64, losses: &[f64]| {
        for loss in losses {
            controller.observe(&Observation::Step { step: *step, loss: *loss });
            *step += 1;
        }
        // The validation loss falls and must not matter.
        rate(&evaluated(&mut *controller, *step, -(*step as f64)))
    };
    let mut step = 0;
    assert_eq!(told(&mut step, &[]), 1.0, "no loss yet, nothing to judge");
    assert_eq!(told(&mut step, &[3.0, 1.0]), 1.0);
    assert_eq!(told(&mut step, &[2.0, 1.0]), 1.0, "1.5 is better than 2");
    assert_eq!(told(&mut step, &[1.0, 2.5]), 0.5);
    assert_eq!(told(&mut step, &[0.1, f64::NAN]), 0.25, "worst");
}

#[test]
fn a_reduction_says_why_with_the_numbers() {
    let spec = Plateau { patience: 1, factor: 0.1, ..Plateau::from_peak(1e-3) };
    let mut controller = of(&spec, Hyperparameter::WeightDecay, MetricDirection::Decreasing);
    let said: Vec<_> = [0.42131, 0.42131, 0.5].into_iter().zip([600, 700, 800]).collect();
    let reasons: Vec<_> = said.iter().map(|(loss, at)| evaluated(&mut *controller, *at, *loss).reason).collect();
    assert!(reasons[..2].iter().all(Option::is_none));
    assert_eq!(
        reasons[2].as_ref().expect("a reason").to_string(),
        "the validation loss has not improved by 0.01 % in 2 evaluations (best 0.4213 after 600 updates): \
         weight_decay 1e-3 -> 1e-4"
    );
    let mut lost =
        of(&Plateau { watch: Watch::Metric, ..spec }, Hyperparameter::LearningRate, MetricDirection::Increasing);
    evaluated(&mut *lost, 1, f64::NAN);
    let reason = evaluated(&mut *lost, 2, f64::NAN).reason.expect("a reason").to_string();
    assert!(reason.starts_with("the metric has not") && reason.contains("none was finite"), "{reason}");
}

#[test]
fn an_evaluation_told_again_counts_once() {
    let mut controller = of(&halving(2), Hyperparameter::LearningRate, MetricDirection::Decreasing);
    for updates in [5, 5, 5, 3, 5] {
        assert_eq!(rate(&evaluated(&mut *controller, updates, 1.0)), 1.0);
    }
    let again = evaluated(&mut *controller, 5, 1.0);
    assert!(again.reason.expect("a reason").to_string().contains("ignored"));
    assert_eq!(rate(&evaluated(&mut *controller, 6, 1.0)), 1.0, "bad for the first time");
}

/// PyTorch's rule in its own words, for values above 0.
fn torch(spec: &Plateau, values: &[f64]) -> Vec<f64> {
    let (mut rate, mut best, mut bad, mut cooling) = (spec.peak.unwrap(), f64::INFINITY, 0, 0);
    let mut rates = Vec::new();
    for value in values {
        if *value < best * (1.0 - spec.threshold) {
            best = *value;
            bad = 0;
        } else {
            bad += 1;
        }
        if cooling > 0 {
            cooling -= 1;
            bad = 0;
        }
        if bad > spec.patience {
            let lower = f64::max(rate * spec.factor, spec.floor);
            if rate - lower > spec.smallest_change {
                rate = lower;
            }
            cooling = spec.cooldown;
            bad = 0;
        }
        rates.push(rate);
    }
    rates
}

fn anything() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -10.0..10.0,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e-320, 0.0]),
    ]
}

fn any_spec() -> impl Strategy<Value = Plateau> {
    let counts = (0_u64..4, 0_u64..4, 1_u64..4);
    let numbers = (0.01..0.99, prop_oneof![Just(0.0), 0.0..2.0], 0.0..1.5, prop::option::of(0.01..1.0));
    let choices = (any::<bool>(), any::<bool>(), 0_usize..3, any::<bool>());
    (counts, numbers, choices).prop_map(
        |((patience, cooldown, accumulate), (factor, threshold, floor, smoothing), c)| {
            let spec = if c.0 {
                Plateau::from_peak(0.9)
            } else {
                Plateau::over(ScheduleSpec::cosine(0.9).warmup(Span::Steps(3)))
            };
            Plateau {
                patience,
                cooldown,
                accumulate,
                factor,
                threshold,
                floor,
                smoothing,
                smallest_change: 0.0,
                threshold_mode: if c.1 { ThresholdMode::Absolute } else { ThresholdMode::Relative },
                watch: [Watch::Loss, Watch::Metric, Watch::TrainLoss][c.2],
                on_non_finite: if c.3 { NonFinite::Ignore } else { NonFinite::Worst },
                ..spec
            }
        },
    )
}

proptest! {
    #[test]
    fn above_zero_it_agrees_with_torch(
        values in prop::collection::vec(0.001..10.0_f64, 1..60),
        (patience, cooldown) in (0_u64..4, 0_u64..3),
        (threshold, floor) in (0.0..0.1_f64, 0.0..0.2_f64),
    ) {
        let spec = Plateau { patience, cooldown, threshold, floor, ..halving(0) };
        // Where the two forms of the threshold round differently, a value exactly there could be judged either way.
        let (ours, torch) = (decreasing(&spec, &values), torch(&spec, &values));
        prop_assert_eq!(ours, torch);
    }

    #[test]
    fn whatever_is_observed_every_value_is_in_range_and_never_above_the_schedule(
        spec in any_spec(),
        seen in prop::collection::vec((any::<bool>(), 0_u64..40, anything(), anything()), 0..120),
        which in prop::sample::select(Hyperparameter::ALL.to_vec()),
    ) {
        prop_assume!(which != Hyperparameter::BatchSize && !which.acts_on_batches());
        // A clipping bound of 0 is none: its schedule must not come to 0.
        let spec = if which == Hyperparameter::ClipNorm { Plateau { peak: Some(0.9), on: None, ..spec } } else { spec };
        let setting = setting(MetricDirection::Increasing);
        let schedule = spec.on.clone().unwrap_or(ScheduleSpec::from(0.9)).resolve(&setting.frame).unwrap();
        let mut controller = spec.resolve(which, &setting).expect("resolves");
        controller.begin();
        let mut next = 0;
        for (is_step, at, first, second) in seen {
            let observation = if is_step {
                next = at + u64::from(first.is_finite());
                Observation::Step { step: at, loss: first }
            } else {
                Observation::Evaluation { updates: at, loss: first, metric: second }
            };
            let decision = controller.observe(&observation);
            let value = decision.hyperparameters.get(which).expect("it owns it");
            prop_assert!(which.check(value).is_ok(), "{} = {}", which, value);
            prop_assert!(value <= schedule.at(next));
            prop_assert!(value >= schedule.at(next).min(spec.floor));
        }
    }

    #[test]
    fn the_unit_and_the_sign_of_what_is_watched_decide_nothing(
        spec in any_spec(),
        values in prop::collection::vec(anything(), 1..80),
    ) {
        let spec = Plateau { watch: Watch::Metric, threshold_mode: ThresholdMode::Relative, ..spec };
        let as_is = rates(&spec, MetricDirection::Decreasing, &values);
        // A power of two, so that nothing is rounded; what is too large to count stays so.
        let scaled: Vec<f64> = values.iter().map(|value| value * 8.0).collect();
        prop_assert_eq!(&as_is, &rates(&spec, MetricDirection::Decreasing, &scaled));
        let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
        prop_assert_eq!(&as_is, &rates(&spec, MetricDirection::Increasing, &mirrored));
    }
}

#[test]
fn without_a_smallest_change_it_goes_on_for_ever_and_stays_in_range() {
    let spec = Plateau { factor: 1e-3, patience: 0, smallest_change: 0.0, ..Plateau::from_peak(1e-90) };
    for which in [Hyperparameter::LearningRate, Hyperparameter::ClipNorm] {
        let mut controller = of(&spec, which, MetricDirection::Decreasing);
        for updates in 0..500 {
            let decision = evaluated(&mut *controller, updates, 1.0);
            which.check(decision.hyperparameters.get(which).unwrap()).expect("in range");
        }
    }
}
