//! Defects that users of other libraries report, and that must not appear here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper fails by panicking")]

use rheostat_schedule::presets::{composer, optax, timm, torch};
use rheostat_schedule::{After, Factor, Frame, Part, Schedule, ScheduleError, ScheduleSpec, Sequence, Span};

fn s(steps: u64) -> Span {
    Span::Steps(steps)
}

fn resolved(spec: impl Into<ScheduleSpec>, total: u64) -> Schedule {
    spec.into().resolve(&Frame::steps(total)).unwrap()
}

#[test]
fn a_restart_at_a_power_of_the_multiplier_is_at_the_peak() {
    // torch computes the cycle as int(log(243, 3)) = 4 and gives 0.
    let spec = torch::cosine_annealing_warm_restarts(1.0, 1, 3.0, 0.0);
    assert_eq!(resolved(spec, 200).at(121), 1.0);
}

#[test]
fn timm_cycles_restart_at_the_peak() {
    // timm's floor of a logarithm misses restart 5 for 3 and restart 3 for 10.
    for (multiplier, restart) in [(3.0, 121), (10.0, 111)] {
        let options = timm::CosineLr { cycle_mul: multiplier, cycle_limit: 20, ..timm::CosineLr::new(1) };
        let schedule = timm::cosine_lr(1.0, &options).resolve(&Frame::unbounded()).unwrap();
        assert_eq!(schedule.at(restart), 1.0);
    }
}

#[test]
fn timm_cycles_end_with_the_last_one() {
    let options = timm::CosineLr { lr_min: 0.1, cycle_decay: 0.5, cycle_limit: 2, ..timm::CosineLr::new(10) };
    let schedule = timm::cosine_lr(1.0, &options).resolve(&Frame::unbounded()).unwrap();
    assert_eq!((schedule.at(0), schedule.at(10), schedule.at(20), schedule.at(1000)), (1.0, 0.5, 0.1, 0.1));
}

#[test]
fn a_warmup_prefix_is_explicit_and_without_it_the_drop_is_the_one_of_timm() {
    let options = timm::CosineLr { warmup_t: 10, ..timm::CosineLr::new(100) };
    let replaced = timm::cosine_lr(1.0, &options).resolve(&Frame::unbounded()).unwrap();
    let cosine = |u: f64| 0.5 * (1.0 + (std::f64::consts::PI * u).cos());
    assert_eq!((replaced.at(5), replaced.at(10)), (0.5, cosine(0.1)));
    let options = timm::CosineLr { warmup_prefix: true, ..options };
    let prefixed = timm::cosine_lr(1.0, &options).resolve(&Frame::unbounded()).unwrap();
    // With the prefix the minimum is reached, and nothing drops at the end of the warm-up.
    assert_eq!((prefixed.at(5), prefixed.at(10), prefixed.at(110)), (0.5, 1.0, 0.0));
}

#[test]
fn a_product_with_a_sequence_keeps_the_outer_decay() {
    // torch: ChainedScheduler([StepLR, SequentialLR]) jumps from 0.05 to 1.0 at the milestone.
    let halves = ScheduleSpec::step(1.0, 0.5, s(5));
    let inner =
        Sequence::new([Part::lasting(s(10), ScheduleSpec::linear(0.1, 1.0)), Part::rest(ScheduleSpec::constant(1.0))]);
    let product = resolved(ScheduleSpec::product(inner.clone(), halves.clone()), 30);
    let (inner, halves) = (resolved(inner, 30), resolved(halves, 30));
    for t in 0..40 {
        assert_eq!(product.at(t), inner.at(t) * halves.at(t));
    }
    assert_eq!((product.at(9), product.at(10)), (0.91 * 0.5, 0.25));
}

#[test]
fn a_product_does_not_depend_on_the_order_it_was_built_in() {
    // torch: ChainedScheduler([StepLR, LambdaLR]) discards the first, the other order gives a third curve.
    let step = || resolved(ScheduleSpec::step(1.0, 0.5, s(5)), 30);
    let cosine = || resolved(ScheduleSpec::cosine(1.0), 30);
    let one = step() * Factor::new(cosine());
    let other = cosine() * Factor::new(step());
    assert!((0..40).all(|t| one.at(t) == other.at(t)));
}

#[test]
fn a_longer_run_is_the_same_specification_in_a_longer_frame() {
    // torch: resuming OneCycle with more total_steps puts the old number back and raises; MultiStep silently keeps the
    // saved milestones.
    let cycle: ScheduleSpec = ScheduleSpec::one_cycle(1.0).into();
    let (short, long) = (resolved(cycle.clone(), 20), resolved(cycle, 40));
    assert_eq!((short.at(6), long.at(12), long.at(40)), (1.0, 1.0, 4e-6));
    assert!(short.at(21).is_finite());
    // What is given in steps stays where it was: the run so far is not rewritten.
    let steps: ScheduleSpec = ScheduleSpec::multistep(1.0, 0.1, [s(5), s(30)]).warmup(s(2)).into();
    let (short, long) = (resolved(steps.clone(), 20), resolved(steps, 40));
    assert!((0..20).all(|t| short.at(t) == long.at(t)));
}

#[test]
fn a_first_part_begins_at_its_own_first_value() {
    // torch: the initial rate of SequentialLR is that of the child constructed last.
    let parts = [Part::lasting(s(3), ScheduleSpec::constant(0.1)), Part::rest(ScheduleSpec::constant(1.0))];
    assert_eq!(resolved(Sequence::new(parts), 10).at(0), 0.1);
}

#[test]
fn a_milestone_at_the_very_beginning_is_refused() {
    // torch: a milestone of 0 starts on the wrong scheduler.
    let parts = [Part::lasting(s(0), ScheduleSpec::constant(0.1)), Part::rest(ScheduleSpec::constant(1.0))];
    let error = Sequence::new(parts).resolve(&Frame::steps(10)).unwrap_err();
    assert_eq!(error.field(), "parts[0].for");
}

#[test]
fn a_sequence_may_hold_a_product_and_a_product_a_sequence() {
    // torch: SequentialLR cannot hold a ChainedScheduler.
    let product = ScheduleSpec::product(ScheduleSpec::cosine(1.0), 0.5);
    let sequence = Sequence::new([Part::lasting(s(10), product), Part::rest(ScheduleSpec::constant(2.0))]);
    let schedule = resolved(ScheduleSpec::product(sequence, 3.0), 20);
    assert_eq!((schedule.at(0), schedule.at(5), schedule.at(10)), (1.5, 0.75, 6.0));
}

#[test]
fn a_schedule_picked_up_in_the_middle_goes_on_exactly() {
    // torch: wrong after load_state_dict, wrong when constructed mid-run; transformers: discontinuous after resume.
    let spec: ScheduleSpec = ScheduleSpec::warm_restarts(1.0, s(7)).multiplier(1.5).warmup(s(5)).into();
    let whole: Vec<f64> = resolved(spec.clone(), 100).values(0..100).collect();
    let resumed: Vec<f64> = resolved(spec, 100).values(43..100).collect();
    assert_eq!(whole[43..], resumed);
}

#[test]
fn the_first_update_is_step_0_and_is_not_wasted() {
    // optax: two wrappers disagreed about the first index; transformers: the logged rate is off by one.
    let schedule = resolved(ScheduleSpec::constant(1.0).warmup(s(4)), 10);
    assert_eq!(schedule.values(0..5).collect::<Vec<_>>(), [0.25, 0.5, 0.75, 1.0, 1.0]);
}

#[test]
fn a_curve_stays_where_it_ended() {
    // torch and Burn climb back after the cosine; big_vision goes below 0.
    let cosine = resolved(ScheduleSpec::cosine(1.0).floor(0.1), 10);
    assert!([10, 11, 15, 20, 1_000_000, u64::MAX].iter().all(|t| cosine.at(*t) == 0.1));
    let rsqrt = resolved(ScheduleSpec::rsqrt(1.0, s(5)).cooldown(s(5)), 10);
    assert!([10, 11, 15, u64::MAX].iter().all(|t| rsqrt.at(*t) == 0.0));
    // torch's OneCycleLR raises beyond its end.
    let cycle = torch::one_cycle_lr(1.0, &torch::OneCycleLr::new(10)).resolve(&Frame::unbounded()).unwrap();
    assert_eq!(cycle.at(11), 4e-6);
}

#[test]
fn a_recursion_does_not_drift() {
    // torch's chainable forms multiply the last rate; the closed form is within a rounding after a million steps.
    let schedule = resolved(ScheduleSpec::exponential_by_gamma(1.0, 0.999_999, s(1)), 1_000_000);
    assert!((schedule.at(1_000_000) - 0.999_999_f64.powi(1_000_000)).abs() < 1e-15);
}

#[test]
fn warmup_is_a_parameter_of_every_shape() {
    // composer has a second copy of each class; torch and Burn need a sequence.
    for spec in [
        ScheduleSpec::from(ScheduleSpec::cosine(1.0)),
        ScheduleSpec::linear(1.0, 0.0).into(),
        ScheduleSpec::wsd(1.0, s(10)).into(),
        ScheduleSpec::warm_restarts(1.0, s(20)).into(),
        ScheduleSpec::sequence([Part::rest(ScheduleSpec::cosine(1.0))]).into(),
        ScheduleSpec::product(ScheduleSpec::cosine(1.0), 1.0).into(),
    ] {
        let schedule = resolved(spec.warmup(s(10)), 100);
        assert_eq!((schedule.at(4), schedule.at(9), schedule.at(10)), (0.5, 1.0, 1.0));
    }
}

#[test]
fn a_unit_that_clashes_fails_when_it_is_resolved() {
    // composer: fails at the first call instead of at construction.
    let spec = composer::cosine_annealing_with_warmup(1.0, Span::Epochs(5.0), 0.0, None);
    assert!(matches!(spec.resolve(&Frame::steps(100)), Err(ScheduleError::UnknownEpoch { .. })));
    assert!(spec.resolve(&Frame::steps(100).steps_per_epoch(10)).is_ok());
}

#[test]
fn a_schedule_counts_updates_whatever_the_accumulation() {
    // accelerate: stepped once per process or micro-batch, the schedule ends at 1/N of the run. Here it is asked with
    // the update, and a fraction of the horizon is a fraction of the updates.
    let schedule = resolved(ScheduleSpec::cosine(1.0).warmup(Span::percent(10.0)), 100);
    assert_eq!(schedule.breakpoints(), [0, 10, 100]);
}

#[test]
fn multiple_factors_all_count() {
    // composer: of several multipliers the last wins.
    let schedule = resolved(ScheduleSpec::constant(1.0), 10);
    let schedule = schedule * Factor::constant(0.5).unwrap() * Factor::constant(0.5).unwrap();
    assert_eq!(schedule.at(0), 0.25);
}

#[test]
fn a_flat_start_is_honoured_and_integers_are_numbers() {
    // fastai ignores the start of fit_flat_cos; keras truncates an integer rate.
    let schedule = resolved(rheostat_schedule::presets::fastai::flat_cos(1.0, 100, 0.75, 1e5), 100);
    assert_eq!((schedule.at(74), schedule.at(75), schedule.at(100)), (1.0, 1.0, 1e-5));
    let spec: ScheduleSpec = toml::from_str("method = \"linear\"\nstart = 1\nend = 0").unwrap();
    assert_eq!(resolved(spec, 2).at(1), 0.5);
}

#[test]
fn any_hyperparameter_may_follow_a_schedule() {
    // torch has no schedule of the weight decay, and no negative or zero ends in some shapes.
    let decay = resolved(ScheduleSpec::linear(0.0, 0.1), 10);
    assert_eq!((decay.at(0), decay.at(10)), (0.0, 0.1));
    assert_eq!(resolved(ScheduleSpec::linear(-1.0, 1.0), 10).at(5), 0.0);
}

#[test]
fn optax_presets_follow_optax() {
    let open = Frame::unbounded;
    let pieces = optax::piecewise_constant_schedule(1.0, &[(10, 0.5), (20, 0.1)]).resolve(&open()).unwrap();
    assert_eq!((pieces.at(9), pieces.at(10), pieces.at(20)), (1.0, 0.5, 0.05));
    let late = optax::linear_schedule(1.0, 0.0, 10, 5).resolve(&open()).unwrap();
    assert_eq!((late.at(5), late.at(10), late.at(15)), (1.0, 0.5, 0.0));
    let stairs = optax::exponential_decay(1.0, 10, 0.5, 5, true, None).resolve(&open()).unwrap();
    assert_eq!((stairs.at(14), stairs.at(15), stairs.at(25)), (1.0, 0.5, 0.25));
    let (init_value, end_value) = (0.0, 0.0);
    let cycle = optax::SgdrCycle { init_value, peak_value: 1.0, warmup_steps: 2, decay_steps: 12, end_value };
    let sgdr = optax::sgdr_schedule(&[cycle, optax::SgdrCycle { peak_value: 0.5, ..cycle }]).resolve(&open()).unwrap();
    assert_eq!((sgdr.at(2), sgdr.at(7), sgdr.at(12), sgdr.at(14)), (1.0, 0.5, 0.0, 0.5));
}

#[test]
fn composer_presets_follow_composer() {
    let spec = composer::linear_with_warmup(2.0, s(10), 1.0, 0.5, Some(s(60)));
    let schedule = resolved(spec, 100);
    assert_eq!(
        (schedule.at(0), schedule.at(5), schedule.at(10), schedule.at(35), schedule.at(60), schedule.at(99)),
        (0.0, 1.0, 2.0, 1.5, 1.0, 1.0)
    );
    let steps = composer::multi_step_with_warmup(1.0, s(10), &[Span::percent(50.0)], 0.1);
    assert_eq!((resolved(steps.clone(), 100).at(49), resolved(steps, 100).at(50)), (1.0, 0.1));
}

#[test]
fn a_repeated_curve_repeats_its_warmup() {
    let schedule = resolved(ScheduleSpec::linear(1.0, 0.0).over(s(4)).warmup(s(2)).after(After::Periodic), 100);
    let one = [0.5, 1.0, 1.0, 0.75, 0.5, 0.25];
    assert_eq!(schedule.values(0..12).collect::<Vec<_>>(), [one, one].concat());
}
