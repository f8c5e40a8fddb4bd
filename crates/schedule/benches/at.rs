//! Time of `Schedule::at`, shape by shape. One iteration is 1024 steps spread over the run.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rheostat_schedule::{
    Bounds, CooldownShape, Endpoint, Factor, Frame, Part, Schedule, ScheduleError, ScheduleSpec, Span, WarmupShape,
};

const TOTAL: u64 = 100_000;
const CALLS: u64 = 1024;

fn schedules() -> Result<Vec<(&'static str, Schedule)>, ScheduleError> {
    let s = Span::Steps;
    let specs: Vec<(&'static str, ScheduleSpec)> = vec![
        ("constant", ScheduleSpec::constant(1e-3).into()),
        ("linear", ScheduleSpec::linear(1e-3, 0.0).into()),
        ("polynomial", ScheduleSpec::polynomial(1e-3, 1.5).into()),
        ("step", ScheduleSpec::step(1e-3, 0.9, s(5_000)).into()),
        ("multistep", ScheduleSpec::multistep(1e-3, 0.1, [s(30_000), s(60_000), s(80_000)]).into()),
        ("exponential", ScheduleSpec::exponential(1e-3, 1e-5).into()),
        ("exponential_gamma", ScheduleSpec::exponential_by_gamma(1e-3, 0.9999, s(1)).into()),
        ("cosine", ScheduleSpec::cosine(1e-3).into()),
        ("cosine_warmup", ScheduleSpec::cosine(1e-3).warmup(Span::percent(5.0)).into()),
        (
            "cosine_warmup_exponential",
            ScheduleSpec::cosine(1e-3).warmup(Span::percent(50.0)).warmup_shape(WarmupShape::Exponential, 0.01).into(),
        ),
        ("warm_restarts_equal", ScheduleSpec::warm_restarts(1e-3, s(5_000)).into()),
        ("warm_restarts_growing", ScheduleSpec::warm_restarts(1e-3, s(1_000)).multiplier(2.0).into()),
        ("cyclic", ScheduleSpec::cyclic(1e-4, 1e-3, s(2_000)).into()),
        ("cyclic_triangular2", ScheduleSpec::cyclic(1e-4, 1e-3, s(2_000)).triangular2().into()),
        ("cyclic_exp_range", ScheduleSpec::cyclic(1e-4, 1e-3, s(2_000)).exp_range(0.9999, Bounds::Amplitude).into()),
        ("one_cycle", ScheduleSpec::one_cycle(1e-3).into()),
        ("one_cycle_torch", ScheduleSpec::one_cycle(1e-3).endpoint(Endpoint::Inclusive).three_phases().into()),
        ("wsd", ScheduleSpec::wsd(1e-3, Span::percent(20.0)).warmup(Span::percent(5.0)).into()),
        ("wsd_sqrt", ScheduleSpec::wsd(1e-3, Span::percent(100.0)).cooldown_shape(CooldownShape::Sqrt).into()),
        ("rsqrt", ScheduleSpec::rsqrt(1e-3, s(10_000)).cooldown(Span::percent(10.0)).into()),
        ("noam", ScheduleSpec::noam(512.0, s(4_000)).into()),
        (
            "sequence",
            ScheduleSpec::sequence([
                Part::lasting(Span::percent(30.0), ScheduleSpec::constant(1e-3)),
                Part::lasting(Span::percent(30.0), ScheduleSpec::cosine(1e-3)),
                Part::rest(ScheduleSpec::linear(1e-3, 0.0)),
            ])
            .into(),
        ),
    ];
    let frame = Frame::steps(TOTAL);
    let mut all = Vec::new();
    for (name, spec) in specs {
        all.push((name, spec.resolve(&frame)?));
    }
    let factor = Factor::new(ScheduleSpec::multistep(1.0, 0.1, [s(50_000)]).resolve(&frame)?);
    all.push(("product", ScheduleSpec::cosine(1e-3).resolve(&frame)? * factor));
    Ok(all)
}

fn at(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("at");
    group.throughput(Throughput::Elements(CALLS));
    // Spread over the run and in order, as a training loop asks.
    let steps: Vec<u64> = (0..CALLS).map(|i| i * TOTAL / CALLS).collect();
    for (name, schedule) in schedules().expect("the bench's own schedules are valid") {
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&steps).iter().map(|step| schedule.at(*step)).sum::<f64>());
        });
    }
    group.finish();
}

criterion_group!(benches, at);
criterion_main!(benches);
