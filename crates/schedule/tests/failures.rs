//! Bad input gives the named error with field, value and range.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper fails by panicking")]

use rheostat_schedule::{
    After, Bounds, COMMON, CooldownShape, Cosine, Endpoint, Frame, Kind, METHODS, Part, Schedule, ScheduleError,
    ScheduleSpec, Sequence, Span, WarmupShape,
};

fn s(steps: u64) -> Span {
    Span::Steps(steps)
}

/// The error of resolving in a run of 100 steps.
fn error(spec: impl Into<ScheduleSpec>) -> ScheduleError {
    error_in(spec, Frame::steps(100))
}

fn error_in(spec: impl Into<ScheduleSpec>, frame: Frame) -> ScheduleError {
    spec.into().resolve(&frame).unwrap_err()
}

fn out_of_range(spec: impl Into<ScheduleSpec>, field: &str) {
    let error = error(spec);
    assert!(matches!(error, ScheduleError::OutOfRange { .. }), "{error:?}");
    assert_eq!(error.field(), field, "{error}");
}

#[test]
fn values_that_are_not_finite_are_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101] {
        out_of_range(ScheduleSpec::constant(bad), "value");
        out_of_range(ScheduleSpec::linear(bad, 0.0), "start");
        out_of_range(ScheduleSpec::linear(0.0, bad), "end");
        out_of_range(ScheduleSpec::cosine(bad), "peak");
        out_of_range(ScheduleSpec::wsd(bad, s(10)), "peak");
        out_of_range(ScheduleSpec::rsqrt(bad, s(10)), "peak");
        out_of_range(ScheduleSpec::noam(512.0, s(10)).factor(bad), "factor");
        out_of_range(ScheduleSpec::one_cycle(bad), "peak");
        out_of_range(ScheduleSpec::constant(1.0).clamp(0.0, bad), "clamp[1]");
        assert!(Schedule::constant(bad).is_err());
        assert!(Schedule::try_from(bad).is_err());
    }
}

#[test]
fn a_floor_above_the_peak_is_refused() {
    out_of_range(ScheduleSpec::cosine(0.1).floor(0.2), "floor");
    out_of_range(ScheduleSpec::warm_restarts(0.1, s(10)).floor(0.2), "floor");
    out_of_range(ScheduleSpec::cyclic(0.2, 0.1, s(10)), "floor");
    out_of_range(ScheduleSpec::wsd(0.1, s(10)).floor(0.2), "floor");
    out_of_range(ScheduleSpec::constant(0.1).clamp(1.0, 0.0), "clamp[0]");
}

#[test]
fn a_phase_of_no_steps_is_refused_where_a_division_needs_it() {
    out_of_range(ScheduleSpec::linear(1.0, 0.0).over(s(0)), "over");
    out_of_range(ScheduleSpec::step(1.0, 0.5, s(0)), "every");
    out_of_range(ScheduleSpec::warm_restarts(1.0, s(0)), "first");
    out_of_range(ScheduleSpec::cyclic(0.0, 1.0, s(0)), "up");
    out_of_range(ScheduleSpec::cyclic(0.0, 1.0, s(5)).down(s(0)), "down");
    out_of_range(ScheduleSpec::rsqrt(1.0, s(0)), "timescale");
    out_of_range(ScheduleSpec::sequence([Part::lasting(s(0), ScheduleSpec::constant(1.0))]), "parts[0].for");
    let inclusive = ScheduleSpec::linear(1.0, 0.0).over(s(1)).endpoint(Endpoint::Inclusive);
    let expected = ScheduleError::SpanTooShort { field: "over".into(), value: 1, minimum: 2 };
    assert_eq!(error(inclusive), expected);
    // A run of no steps leaves none for the shape.
    let empty = error_in(ScheduleSpec::cosine(1.0), Frame::steps(0));
    assert_eq!(empty, ScheduleError::SpanTooShort { field: "over".into(), value: 0, minimum: 1 });
    // Skipping a phase is no division.
    assert!(ScheduleSpec::wsd(1.0, s(0)).warmup(s(0)).hold(s(0)).resolve(&Frame::steps(100)).is_ok());
}

#[test]
fn an_exponential_needs_two_ends_of_one_sign() {
    out_of_range(ScheduleSpec::exponential(0.0, 1.0), "start");
    out_of_range(ScheduleSpec::exponential(1.0, 0.0), "end");
    out_of_range(ScheduleSpec::exponential(1.0, -1.0), "end");
    out_of_range(ScheduleSpec::exponential_by_gamma(1.0, 0.0, s(1)), "gamma");
    assert!(ScheduleSpec::exponential(-1.0, -0.1).resolve(&Frame::steps(10)).is_ok());
    let mut both = ScheduleSpec::exponential(1.0, 0.1);
    both.gamma = Some(0.9);
    assert_eq!(error(both.clone()), ScheduleError::Conflict { field: "gamma".into(), other: "end" });
    (both.end, both.gamma) = (None, None);
    assert!(matches!(error(both), ScheduleError::Missing { .. }));
    let every = rheostat_schedule::Exponential { every: Some(s(1)), ..ScheduleSpec::exponential(1.0, 0.1) };
    assert!(matches!(error(every), ScheduleError::NotApplicable { .. }));
}

#[test]
fn points_in_time_must_increase() {
    let not_increasing = |spec: ScheduleSpec, field: &str| {
        let error = error(spec);
        assert!(matches!(error, ScheduleError::NotIncreasing { .. }), "{error:?}");
        assert_eq!(error.field(), field);
    };
    not_increasing(ScheduleSpec::multistep(1.0, 0.1, [s(80), s(30)]).into(), "at[1]");
    not_increasing(ScheduleSpec::multistep(1.0, 0.1, [s(30), s(30)]).into(), "at[1]");
    not_increasing(ScheduleSpec::multistep(1.0, 0.1, [s(5)]).warmup(s(10)).into(), "at[0]");
    not_increasing(ScheduleSpec::warm_restarts_at(1.0, [s(20), s(10)]).into(), "ends[1]");
    not_increasing(ScheduleSpec::warm_restarts_at(1.0, [s(8), s(16)]).warmup(s(8)).into(), "ends[0]");
    assert_eq!(error(ScheduleSpec::multistep(1.0, 0.1, [])), ScheduleError::Empty { field: "at".into() });
    assert_eq!(error(ScheduleSpec::warm_restarts_at(1.0, [])), ScheduleError::Empty { field: "ends".into() });
    assert_eq!(error(ScheduleSpec::sequence([])), ScheduleError::Empty { field: "parts".into() });
}

#[test]
fn one_cycle_must_rise_strictly_inside_its_span() {
    for fraction in [0.0, 1.0, 1.5, -0.1, f64::NAN] {
        out_of_range(ScheduleSpec::one_cycle(1.0).rise(Span::Fraction(fraction)), "rise");
    }
    out_of_range(ScheduleSpec::one_cycle(1.0).rise(Span::percent(50.0)).three_phases(), "rise");
    let short = ScheduleSpec::one_cycle(1.0).rise(Span::percent(1.0)).endpoint(Endpoint::Inclusive);
    assert_eq!(error(short), ScheduleError::SpanTooShort { field: "rise".into(), value: 1, minimum: 2 });
    let long = error(ScheduleSpec::one_cycle(1.0).rise(s(100)));
    assert!(matches!(long, ScheduleError::SpanTooLong { value: 100, available: 100, .. }), "{long:?}");
    let long = error(ScheduleSpec::one_cycle(1.0).rise(s(50)).three_phases());
    assert!(matches!(long, ScheduleError::SpanTooLong { value: 50, .. }), "{long:?}");
    out_of_range(ScheduleSpec::one_cycle(1.0).divisors(0.0, 1.0), "start_divisor");
    out_of_range(ScheduleSpec::one_cycle(1.0).divisors(1e-300, 1e-300), "end_divisor");
    let mut four = ScheduleSpec::one_cycle(1.0);
    four.phases = 4;
    out_of_range(four, "phases");
}

#[test]
fn a_warmup_must_leave_something() {
    for warmup in [s(100), s(101), Span::percent(100.0)] {
        let error = error(ScheduleSpec::cosine(1.0).warmup(warmup));
        assert!(matches!(error, ScheduleError::WarmupTooLong { total: 100, .. }), "{error:?}");
        assert_eq!(error.field(), "warmup");
    }
    let noam = error(ScheduleSpec::noam(512.0, s(100)));
    assert_eq!(noam, ScheduleError::WarmupTooLong { field: "warmup".into(), value: 100, total: 100 });
    let hold = error(ScheduleSpec::cosine(1.0).warmup(s(60)).hold(s(40)));
    assert!(matches!(hold, ScheduleError::SpanTooLong { value: 40, available: 40, .. }), "{hold:?}");
    assert_eq!(hold.field(), "hold");
    out_of_range(ScheduleSpec::cosine(1.0).warmup(s(5)).warmup_from(1.5), "warmup_from");
    out_of_range(ScheduleSpec::cosine(1.0).warmup(s(5)).warmup_first(2), "warmup_first");
    out_of_range(ScheduleSpec::cosine(1.0).warmup(s(5)).warmup_shape(WarmupShape::Exponential, 0.0), "warmup_from");
}

#[test]
fn a_cooldown_must_fit_into_what_warmup_and_hold_leave() {
    for spec in [
        ScheduleSpec::wsd(1.0, s(95)).warmup(s(10)).into(),
        ScheduleSpec::from(ScheduleSpec::rsqrt(1.0, s(10)).cooldown(s(95)).hold(s(10))),
    ] {
        let error = error(spec);
        assert!(matches!(error, ScheduleError::SpanTooLong { value: 95, available: 90, .. }), "{error:?}");
        assert_eq!(error.field(), "cooldown");
    }
    out_of_range(ScheduleSpec::wsd(1.0, s(10)).cooldown_shape(CooldownShape::Exponential), "floor");
    let mut wsd = ScheduleSpec::wsd(1.0, s(10));
    wsd.half_lives = Some(2.0);
    assert!(matches!(error(wsd), ScheduleError::NotApplicable { .. }));
    let rsqrt = ScheduleSpec::rsqrt(1.0, s(10)).cooldown_shape(CooldownShape::Exponential);
    assert!(matches!(error(rsqrt), ScheduleError::NotApplicable { .. }));
}

#[test]
fn restarts_must_not_shrink_and_must_be_countable() {
    out_of_range(ScheduleSpec::warm_restarts(1.0, s(10)).multiplier(0.5), "multiplier");
    out_of_range(ScheduleSpec::warm_restarts(1.0, s(10)).multiplier(f64::INFINITY), "multiplier");
    out_of_range(ScheduleSpec::warm_restarts(1.0, s(10)).peak_decay(0.0), "peak_decay");
    let error = error(ScheduleSpec::warm_restarts(1.0, s(10)).multiplier(1e30));
    assert_eq!(error, ScheduleError::Overflow { field: "multiplier".into(), value: 1e30.to_string() });
    let mut both = ScheduleSpec::warm_restarts(1.0, s(10));
    both.ends = Some(vec![s(20)]);
    assert_eq!(self::error(both.clone()), ScheduleError::Conflict { field: "ends".into(), other: "first" });
    (both.ends, both.first) = (None, None);
    assert!(matches!(self::error(both), ScheduleError::Missing { .. }));
}

#[test]
fn exp_range_needs_a_factor_between_0_and_1() {
    for gamma in [0.0, 1.0, 1.5, f64::NAN] {
        out_of_range(ScheduleSpec::cyclic(0.0, 1.0, s(5)).exp_range(gamma, Bounds::Amplitude), "gamma");
    }
    let mut missing = ScheduleSpec::cyclic(0.0, 1.0, s(5)).exp_range(0.5, Bounds::Amplitude);
    missing.gamma = None;
    assert!(matches!(error(missing), ScheduleError::Missing { .. }));
    let mut idle = ScheduleSpec::cyclic(0.0, 1.0, s(5));
    idle.gamma = Some(0.5);
    assert!(matches!(error(idle), ScheduleError::NotApplicable { .. }));
}

#[test]
fn rsqrt_refuses_a_shift_that_divides_by_zero() {
    out_of_range(ScheduleSpec::rsqrt(1.0, s(100)).shift(-100.0), "shift");
    out_of_range(ScheduleSpec::rsqrt(1.0, s(100)).shift(-101.0), "shift");
    assert!(ScheduleSpec::rsqrt(1.0, s(100)).shift(-99.0).resolve(&Frame::unbounded()).is_ok());
}

#[test]
fn noam_needs_a_width_and_a_warmup_and_no_other_warmup() {
    out_of_range(ScheduleSpec::noam(0.0, s(10)), "width");
    out_of_range(ScheduleSpec::noam(512.0, s(0)), "warmup");
    let twice = ScheduleSpec::from(ScheduleSpec::noam(512.0, s(10))).warmup(s(5));
    assert!(matches!(error(twice), ScheduleError::NotApplicable { .. }));
}

#[test]
fn a_factor_of_a_step_must_be_positive() {
    out_of_range(ScheduleSpec::step(1.0, 0.0, s(5)), "gamma");
    out_of_range(ScheduleSpec::multistep(1.0, -0.1, [s(5)]), "gamma");
    out_of_range(ScheduleSpec::polynomial(1.0, 0.0), "power");
}

#[test]
fn negative_spans_are_refused() {
    out_of_range(ScheduleSpec::cosine(1.0).warmup(Span::Epochs(-1.0)), "warmup");
    out_of_range(ScheduleSpec::cosine(1.0).hold(Span::Fraction(f64::NAN)), "hold");
    out_of_range(ScheduleSpec::cosine(1.0).over(Span::Fraction(-0.5)), "over");
}

#[test]
fn a_run_past_the_curve_is_refused_if_asked() {
    let spec = ScheduleSpec::cosine(1.0).over(s(50)).after(After::Error);
    assert_eq!(error(spec.clone()), ScheduleError::PastEnd { field: "after".into(), end: 50, total: 100 });
    let exact = spec.resolve(&Frame::steps(50)).unwrap();
    assert_eq!(exact.at(1000), 0.0);
    assert!(spec.resolve(&Frame::unbounded()).is_ok());
}

#[test]
fn an_unknown_size_is_an_error_and_no_guess() {
    let open = Frame::unbounded;
    for (spec, field) in [
        (ScheduleSpec::from(ScheduleSpec::cosine(1.0)), "over"),
        (ScheduleSpec::cosine(1.0).over(Span::percent(50.0)).into(), "over"),
        (ScheduleSpec::constant(1.0).warmup(Span::percent(5.0)).into(), "warmup"),
        (ScheduleSpec::one_cycle(1.0).into(), "rise"),
        (ScheduleSpec::wsd(1.0, s(10)).into(), "cooldown"),
        (ScheduleSpec::rsqrt(1.0, s(10)).cooldown(s(10)).into(), "cooldown"),
        (ScheduleSpec::constant(1.0).after(After::Periodic).into(), "after"),
    ] {
        let error = error_in(spec, open());
        assert!(matches!(error, ScheduleError::UnknownHorizon { .. }), "{error:?}");
        assert_eq!(error.field(), field);
    }
    let epochs = error(ScheduleSpec::step(1.0, 0.5, Span::Epochs(2.0)));
    assert_eq!(epochs, ScheduleError::UnknownEpoch { field: "every".into(), value: Span::Epochs(2.0) });
    let samples = error(ScheduleSpec::step(1.0, 0.5, Span::Samples(64)));
    assert_eq!(samples, ScheduleError::UnknownBatch { field: "every".into(), value: Span::Samples(64) });
}

#[test]
fn errors_inside_parts_say_where() {
    let parts = [Part::lasting(s(10), ScheduleSpec::constant(1.0)), Part::rest(ScheduleSpec::cosine(f64::NAN))];
    assert_eq!(error(Sequence::new(parts)).field(), "parts[1].peak");
    let inner = ScheduleSpec::product(1.0, ScheduleSpec::sequence([Part::rest(Cosine::new(1.0).warmup(s(200)))]));
    assert_eq!(error(inner).field(), "times.parts[0].warmup");
    let middle = [Part::rest(ScheduleSpec::constant(1.0)), Part::rest(ScheduleSpec::constant(1.0))];
    assert_eq!(error(Sequence::new(middle)).field(), "parts[0].for");
    let full = [Part::lasting(s(100), ScheduleSpec::constant(1.0)), Part::rest(ScheduleSpec::constant(1.0))];
    assert_eq!(error(Sequence::new(full)).field(), "parts[0].for");
}

#[test]
fn check_reports_everything_at_once_without_a_run() {
    let spec: ScheduleSpec =
        ScheduleSpec::cosine(f64::NAN).floor(f64::INFINITY).warmup_from(2.0).clamp(1.0, 0.0).into();
    let fields: Vec<String> = spec.check().iter().map(|error| error.field().to_owned()).collect();
    assert_eq!(fields, ["peak", "floor", "warmup_from", "clamp[0]"]);
}

#[test]
fn a_cooldown_begins_once_and_only_without_an_end() {
    let open = ScheduleSpec::wsd(1.0, s(0)).floor(0.1).resolve(&Frame::unbounded()).unwrap();
    let ended = open.begin_cooldown(50, 10, CooldownShape::Linear).unwrap();
    let twice = ended.begin_cooldown(70, 10, CooldownShape::Linear).unwrap_err();
    assert_eq!(twice, ScheduleError::AlreadyCooling { field: "cooldown".into(), began: 50 });
    let closed = ScheduleSpec::cosine(1.0).resolve(&Frame::steps(100)).unwrap();
    let error = closed.begin_cooldown(50, 10, CooldownShape::Linear).unwrap_err();
    assert_eq!(error, ScheduleError::NotOpenEnded { field: "cooldown".into(), end: 100 });
    assert!(matches!(open.begin_cooldown(50, 0, CooldownShape::Linear), Err(ScheduleError::SpanTooShort { .. })));
    assert!(matches!(open.begin_cooldown(u64::MAX, 1, CooldownShape::Linear), Err(ScheduleError::Overflow { .. })));
}

#[test]
fn every_error_names_field_value_and_range() {
    let message = error(ScheduleSpec::cosine(0.1).floor(0.2)).to_string();
    assert_eq!(message, "floor: 0.2 is out of range, must be at most peak");
    let message = error(ScheduleSpec::cosine(0.1).warmup(s(100))).to_string();
    assert_eq!(message, "warmup: 100 steps of warm-up, must be less than the 100 steps there are");
}

#[test]
fn declared_defaults_lie_in_their_ranges() {
    for parameter in METHODS.iter().flat_map(|method| method.parameters).chain(COMMON) {
        assert!(
            !parameter.help.is_empty() && !parameter.range.is_empty()
                || matches!(parameter.kind, Kind::Schedule | Kind::Parts)
        );
        let Some(default) = parameter.default else { continue };
        assert!(!parameter.required, "{}", parameter.name);
        match parameter.kind {
            Kind::Number | Kind::Integer => assert!(parameter.accepts(default.parse().unwrap()), "{}", parameter.name),
            Kind::Span => assert!(default.trim_matches('"').parse::<Span>().is_ok(), "{}", parameter.name),
            Kind::Choice(choices) => assert_eq!(default.trim_matches('"'), choices[0], "{}", parameter.name),
            _ => {}
        }
    }
}
