//! What holds for every schedule.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper fails by panicking")]

use proptest::prelude::*;
use rheostat_schedule::{
    After, Bounds, CooldownShape, Endpoint, Factor, Frame, Part, Schedule, ScheduleSpec, Span, WarmupMode, WarmupShape,
};

const TOTAL: u64 = 1000;

fn frame() -> Frame {
    Frame::steps(TOTAL).steps_per_epoch(50)
}

/// Values a hyperparameter may sensibly or foolishly have.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 1e-8..10.0, 1 => Just(0.0), 1 => -5.0..5.0, 1 => Just(1e100), 1 => Just(-1e100), 1 => Just(5e-324)]
}

fn span(most: u64) -> impl Strategy<Value = Span> {
    let fraction = most as f64 / TOTAL as f64;
    prop_oneof![
        (1..=most).prop_map(Span::Steps),
        (0.001..=fraction).prop_map(Span::Fraction),
        (0.02..=fraction * 20.0).prop_map(Span::Epochs),
    ]
}

fn cooldown_shape() -> impl Strategy<Value = CooldownShape> {
    prop_oneof![Just(CooldownShape::Linear), Just(CooldownShape::Cosine), Just(CooldownShape::Sqrt)]
}

fn high_low() -> impl Strategy<Value = (f64, f64)> {
    (value(), value()).prop_map(|(a, b)| (a.max(b), a.min(b)))
}

/// Every shape, without common parameters.
fn shape() -> impl Strategy<Value = ScheduleSpec> {
    let sign = |v: f64| if v == 0.0 { 1.0 } else { v };
    prop_oneof![
        value().prop_map(|v| ScheduleSpec::constant(v).into()),
        (value(), value()).prop_map(|(a, b)| ScheduleSpec::linear(a, b).into()),
        (value(), value(), 0.01..20.0, span(2000))
            .prop_map(|(a, b, p, over)| ScheduleSpec::polynomial(a, p).end(b).over(over).into()),
        (value(), 0.01..3.0, span(400)).prop_map(|(a, g, every)| ScheduleSpec::step(a, g, every).into()),
        (value(), 0.01..3.0, 600_u64..700, 701_u64..2000).prop_map(|(a, g, m, n)| ScheduleSpec::multistep(
            a,
            g,
            [Span::Steps(m), Span::Steps(n)]
        )
        .into()),
        (value(), 1e-9..1e9)
            .prop_map(move |(a, r)| ScheduleSpec::exponential(sign(a) * 1e-5, sign(a) * 1e-5 * r).into()),
        (value(), 0.5..2.0, span(400)).prop_map(move |(a, g, every)| ScheduleSpec::exponential_by_gamma(
            sign(a),
            g,
            every
        )
        .into()),
        high_low().prop_map(|(a, b)| ScheduleSpec::cosine(a).floor(b).into()),
        (high_low(), span(300), 1.0..5.0, 0.1..3.0).prop_map(|((a, b), first, m, d)| {
            ScheduleSpec::warm_restarts(a, first).floor(b).multiplier(m).peak_decay(d).into()
        }),
        (high_low(), 600_u64..700, 710_u64..2000).prop_map(|((a, b), m, n)| {
            ScheduleSpec::warm_restarts_at(a, [Span::Steps(m), Span::Steps(n)]).floor(b).into()
        }),
        (high_low(), span(300), span(300), 0.01..0.99, 0..4_u8).prop_map(|((a, b), up, down, g, mode)| {
            let cyclic = ScheduleSpec::cyclic(b, a, up).down(down);
            match mode {
                0 => cyclic,
                1 => cyclic.triangular2(),
                2 => cyclic.exp_range(g, Bounds::Amplitude),
                _ => cyclic.exp_range(g, Bounds::Both),
            }
            .into()
        }),
        (value(), 0.01..0.2, 0.1..100.0, 0.1..1e5, any::<bool>(), any::<bool>()).prop_map(
            |(a, r, s, e, three, linear)| {
                let mut cycle = ScheduleSpec::one_cycle(a).rise(Span::Fraction(r)).divisors(s, e);
                cycle = if three { cycle.three_phases() } else { cycle };
                if linear { cycle.linear() } else { cycle }.into()
            }
        ),
        (high_low(), span(300), cooldown_shape())
            .prop_map(|((a, b), c, shape)| ScheduleSpec::wsd(a, c).floor(b).cooldown_shape(shape).into()),
        (value(), span(300), 0.0..1e6, span(300), cooldown_shape()).prop_map(|(a, k, s, c, shape)| {
            ScheduleSpec::rsqrt(a, k).shift(s).cooldown(c).cooldown_shape(shape).into()
        }),
    ]
}

/// A shape with common parameters.
fn modified() -> impl Strategy<Value = ScheduleSpec> {
    let warmup = prop_oneof![Just(None), span(400).prop_map(Some)];
    let warm_shape = prop_oneof![Just(WarmupShape::Linear), Just(WarmupShape::Cosine), Just(WarmupShape::Exponential)];
    let mode = prop_oneof![Just(WarmupMode::Prefix), Just(WarmupMode::Overlay), Just(WarmupMode::Replace)];
    let hold = prop_oneof![Just(None), span(150).prop_map(Some)];
    let after = prop_oneof![Just(After::Hold), Just(After::Periodic), Just(After::Zero)];
    let endpoint = prop_oneof![Just(Endpoint::Exclusive), Just(Endpoint::Inclusive)];
    let clamp = prop_oneof![Just(None), high_low().prop_map(Some)];
    (shape(), warmup, warm_shape, 0.001..1.0, 0..2_u8, mode, hold, after, (endpoint, clamp)).prop_map(
        |(mut spec, warmup, shape, from, first, mode, hold, after, (endpoint, clamp))| {
            let common = spec.common_mut();
            (common.warmup, common.warmup_shape, common.warmup_from) = (warmup, shape, from);
            (common.warmup_first, common.warmup_mode, common.hold) = (first, mode, hold);
            (common.after, common.endpoint) = (after, endpoint);
            common.clamp = clamp.map(|(high, low)| [low, high]);
            spec
        },
    )
}

/// Modified shapes, their sequences and products, and noam.
fn spec() -> impl Strategy<Value = ScheduleSpec> {
    let noam = (1.0..1e5, 1_u64..900).prop_map(|(d, w)| ScheduleSpec::noam(d, Span::Steps(w)).into());
    prop_oneof![1 => noam, 8 => modified()].prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(of, times)| ScheduleSpec::product(of, times).into()),
            prop::collection::vec(inner, 1..4).prop_map(|specs| {
                let part = |spec| Part::lasting(Span::Steps(TOTAL), spec);
                ScheduleSpec::sequence(specs.into_iter().map(part)).into()
            }),
        ]
    })
}

fn step() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..3 * TOTAL, 1 => any::<u64>(), 1 => Just(u64::MAX), 1 => (0..64_u32).prop_map(|bits| 1 << bits)]
}

/// Most specifications fit the frame; those that do not are refused by a named error, not by a panic.
fn resolve(spec: &ScheduleSpec) -> Option<Schedule> {
    match spec.resolve(&frame()) {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_value_is_finite_at_every_step(spec in spec(), steps in prop::collection::vec(step(), 50)) {
        let Some(schedule) = resolve(&spec) else { return Ok(()) };
        for step in steps {
            prop_assert!(schedule.at(step).is_finite(), "{step}: {}", schedule.at(step));
        }
        prop_assert!(schedule.peak().is_finite());
        prop_assert!(schedule.breakpoints().windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn random_access_equals_sequential_access_to_the_bit(spec in spec(), steps in prop::collection::vec(0..2 * TOTAL, 50)) {
        let Some(schedule) = resolve(&spec) else { return Ok(()) };
        let sequential: Vec<u64> = schedule.values(0..2 * TOTAL).map(f64::to_bits).collect();
        for step in steps {
            prop_assert_eq!(schedule.at(step).to_bits(), sequential[step as usize]);
        }
        // Resolving again gives the same schedule.
        prop_assert_eq!(resolve(&spec), Some(schedule));
    }

    #[test]
    fn every_specification_survives_being_written(spec in spec()) {
        let json = serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(serde_json::from_str::<ScheduleSpec>(&json).unwrap(), spec);
    }

    #[test]
    fn a_clamp_bounds_every_value(mut spec in spec(), (high, low) in high_low(), steps in prop::collection::vec(step(), 20)) {
        spec.common_mut().clamp = Some([low, high]);
        let Some(schedule) = resolve(&spec) else { return Ok(()) };
        for step in steps {
            prop_assert!((low..=high).contains(&schedule.at(step)));
        }
    }

    #[test]
    fn a_periodic_curve_repeats_from_its_first_update(mut spec in modified(), step in 0..10 * TOTAL) {
        spec.common_mut().after = After::Periodic;
        let Some(schedule) = resolve(&spec) else { return Ok(()) };
        let period = schedule.end().unwrap();
        prop_assert_eq!(schedule.at(step).to_bits(), schedule.at(step + period).to_bits());
    }

    #[test]
    fn decays_never_rise(
        peak in 1e-6..10.0, share in 0.0..1.0, power in 0.1..5.0, total in 2_u64..5000, which in 0..6_u8,
        shape in cooldown_shape(), inclusive in any::<bool>(),
    ) {
        let floor = peak * share;
        let spec: ScheduleSpec = match which {
            0 => ScheduleSpec::linear(peak, floor).into(),
            1 => ScheduleSpec::polynomial(peak, power).end(floor).into(),
            2 => ScheduleSpec::exponential(peak, floor.max(1e-9 * peak)).into(),
            3 => ScheduleSpec::cosine(peak).floor(floor).into(),
            4 => ScheduleSpec::wsd(peak, Span::percent(100.0)).floor(floor).cooldown_shape(shape).into(),
            _ => ScheduleSpec::rsqrt(peak, Span::Steps(total)).cooldown(Span::percent(100.0)).cooldown_shape(shape).into(),
        };
        let spec = if inclusive { spec.endpoint(Endpoint::Inclusive) } else { spec };
        let schedule = spec.resolve(&Frame::steps(total)).unwrap();
        let values: Vec<f64> = schedule.values(0..total + 3).collect();
        // The last bit of a cosine or a power is the mathematics library's.
        let slack = 4.0 * f64::EPSILON * peak;
        prop_assert!(values.windows(2).all(|pair| pair[1] <= pair[0] + slack), "{values:?}");
        prop_assert_eq!(values[0], peak);
        prop_assert!(schedule.peak() <= peak);
    }

    #[test]
    fn a_prefix_warmup_meets_the_main_shape(
        mut spec in shape(), warmup in 1_u64..500, first in 0..2_u8,
        shape in prop_oneof![Just(WarmupShape::Linear), Just(WarmupShape::Cosine), Just(WarmupShape::Exponential)],
    ) {
        let common = spec.common_mut();
        (common.warmup, common.warmup_shape, common.warmup_from) = (Some(Span::Steps(warmup)), shape, 0.01);
        common.warmup_first = first;
        let Some(schedule) = resolve(&spec) else { return Ok(()) };
        let start = schedule.at(warmup);
        // Where the ramp would be next is where the main shape begins; with an offset it is there already.
        if first == 1 {
            prop_assert_eq!(schedule.at(warmup - 1), start);
        } else if shape == WarmupShape::Linear && warmup > 2 {
            let rise = schedule.at(warmup - 1) - schedule.at(warmup - 2);
            let gap = start - schedule.at(warmup - 1);
            // The smallest peaks are subnormal: there rounding is absolute.
            prop_assert!((gap - rise).abs() <= 1e-9 * start.abs() + f64::MIN_POSITIVE, "{gap} after {rise}");
        }
        // The main shape is that of a run without the warm-up, shortened by it.
        let mut plain = spec.clone();
        plain.common_mut().warmup = None;
        if matches!(spec, ScheduleSpec::Linear(_) | ScheduleSpec::Cosine(_)) {
            let plain = plain.resolve(&Frame::steps(TOTAL - warmup)).unwrap();
            for t in [0, 1, 100, TOTAL] {
                prop_assert_eq!(plain.at(t), schedule.at(t + warmup));
            }
        }
    }

    #[test]
    fn restarts_are_exact_at_every_prefix_sum(first in 1_u64..50, multiplier in 1.0..4.0, peak in 1e-6..10.0) {
        let spec = ScheduleSpec::warm_restarts(peak, Span::Steps(first)).multiplier(multiplier);
        let schedule = spec.resolve(&Frame::unbounded()).unwrap();
        let mut start = 0_u64;
        for k in 0..30 {
            prop_assert_eq!(schedule.at(start), peak, "cycle {}", k);
            let length = (first as f64 * multiplier.powf(f64::from(k))).round().max(1.0) as u64;
            let Some(next) = start.checked_add(length) else { break };
            if next > start + 1 {
                prop_assert!(schedule.at(next - 1) < peak);
            }
            start = next;
        }
    }

    #[test]
    fn cycle_lengths_add_up_to_the_whole(ends in prop::collection::btree_set(11_u64..1000, 1..8), peak in 0.1..1.0) {
        let points = ends.iter().map(|end| Span::Steps(*end));
        let spec = ScheduleSpec::warm_restarts_at(peak, points).warmup(Span::Steps(10));
        let schedule = spec.resolve(&Frame::steps(TOTAL)).unwrap();
        let mut marks = vec![0, 10];
        marks.extend(&ends);
        let lengths: u64 = marks.windows(2).map(|pair| pair[1] - pair[0]).sum();
        prop_assert_eq!(schedule.breakpoints(), marks);
        prop_assert_eq!(Some(lengths), schedule.end());
        let last = ends.last().copied().unwrap();
        for end in ends {
            prop_assert_eq!(schedule.at(end), if end == last { 0.0 } else { peak });
        }
    }

    #[test]
    fn a_cooldown_leaves_the_past_alone_and_ends_at_nothing(
        timescale in 1_u64..10_000, at in 0_u64..100_000, len in 1_u64..10_000, shape in cooldown_shape(), before in 0.0..1.0,
    ) {
        let open = ScheduleSpec::rsqrt(1.0, Span::Steps(timescale)).resolve(&Frame::unbounded()).unwrap();
        let ended = open.begin_cooldown(at, len, shape).unwrap();
        let step = (before * at as f64) as u64;
        prop_assert_eq!(open.at(step), ended.at(step));
        prop_assert_eq!(open.at(at), ended.at(at));
        prop_assert_eq!(ended.at(at + len), 0.0);
        prop_assert_eq!(ended.total(), Some(at + len));
        prop_assert_eq!(ended.end(), Some(at + len));
    }

    #[test]
    fn a_product_is_the_product_of_its_values(of in spec(), times in spec(), step in step()) {
        let (Some(a), Some(b)) = (resolve(&of), resolve(&times)) else { return Ok(()) };
        let both = resolve(&ScheduleSpec::product(of, times).into()).unwrap();
        let want = (a.at(step) * b.at(step)).clamp(f64::MIN, f64::MAX);
        prop_assert_eq!(both.at(step), want);
        prop_assert_eq!((a * Factor::new(b)).at(step), want);
    }

    #[test]
    fn spans_survive_being_written(
        span in prop_oneof![
            any::<u64>().prop_map(Span::Steps),
            any::<u64>().prop_map(Span::Samples),
            (0.0..1e6).prop_map(Span::Epochs),
            (0.0..2.0).prop_map(Span::Fraction),
            any::<u32>().prop_map(|n| Span::Fraction(f64::from(n) / 1e4)),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| Span::Fraction(f.abs())),
        ],
    ) {
        prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span), "{}", span);
    }

    #[test]
    fn no_text_breaks_the_span_reader(text in ".{0,12}") {
        let _ = text.parse::<Span>();
    }

    #[test]
    fn conversions_of_a_whole_equal_those_of_its_parts(
        lengths in prop::collection::vec((1_u64..6, prop::sample::select(vec![10_u64, 20, 25, 50])), 1..5),
        epochs in 0_u64..20, from in 0_u64..20,
    ) {
        // Batches change at epoch boundaries of a set of 1000 samples.
        let mut first_step = 0;
        let mut pieces = Vec::new();
        for (epochs, batch) in lengths {
            let steps_per_epoch = 1000 / batch;
            pieces.push(rheostat_schedule::BatchPiece { first_step, batch, steps_per_epoch });
            first_step += epochs * steps_per_epoch;
        }
        let frame = Frame::unbounded().batch(rheostat_schedule::BatchPlan::Pieces(pieces));
        let to = |n: u64| frame.to_steps(Span::Epochs(n as f64), 0).unwrap();
        let start = to(from);
        prop_assert_eq!(frame.to_steps(Span::Epochs(epochs as f64), start), Ok(to(from + epochs) - start));
        prop_assert_eq!(frame.to_steps(Span::Samples(1000 * epochs), start), Ok(to(from + epochs) - start));
        prop_assert_eq!(frame.to_steps_before(Span::Epochs(epochs as f64), to(from + epochs)), Ok(to(from + epochs) - start));
    }
}
