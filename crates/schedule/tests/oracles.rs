//! Values computed independently: PyTorch 2.15, optax 0.2.8, NumPy. See `fixtures/README.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper fails by panicking")]

use rheostat_schedule::presets::papers::{THESIS_RATE, ThesisDecay, cost_ratio, slides, thesis_cycles};
use rheostat_schedule::presets::{fastai, optax, papers, torch};
use rheostat_schedule::{Bounds, CooldownShape, Endpoint, Frame, Schedule, ScheduleSpec, Span, WarmupShape};
use serde_json::Value;

fn fixture() -> serde_json::Map<String, Value> {
    let text = include_str!("fixtures/schedules.json");
    let Value::Object(map) = serde_json::from_str(text).unwrap() else { panic!("an object") };
    map
}

/// The step-value pairs under a key.
fn expected(key: &str) -> Vec<(u64, f64)> {
    match &fixture()[key] {
        Value::Object(map) => map.iter().map(|(t, v)| (t.parse().unwrap(), v.as_f64().unwrap())).collect(),
        Value::Array(list) => (0..).zip(list).map(|(t, v)| (t, v.as_f64().unwrap())).collect(),
        _ => panic!("{key} is no curve"),
    }
}

fn resolved(spec: impl Into<ScheduleSpec>, frame: Frame) -> Schedule {
    spec.into().resolve(&frame).unwrap()
}

fn assert_follows(key: &str, schedule: &Schedule) {
    for (t, want) in expected(key) {
        assert_close(key, t, schedule.at(t), want, schedule.peak());
    }
}

fn assert_close(key: &str, t: u64, got: f64, want: f64, peak: f64) {
    let tolerance = 1e-12 * want.abs().max(peak);
    assert!((got - want).abs() <= tolerance, "{key} at {t}: {got} instead of {want}");
}

fn s(steps: u64) -> Span {
    Span::Steps(steps)
}

#[test]
fn primitive_shapes_follow_their_closed_forms() {
    let ten = || Frame::steps(10);
    assert_follows("linear(1->0.1,D=10)", &resolved(ScheduleSpec::linear(1.0, 0.1), ten()));
    assert_follows("poly(1->0.1,D=10,p=2)", &resolved(ScheduleSpec::polynomial(1.0, 2.0).end(0.1), ten()));
    assert_follows("cosine(1->0.1,D=10)", &resolved(ScheduleSpec::cosine(1.0).floor(0.1), ten()));
    assert_follows("expo(1->0.01,D=10)", &resolved(ScheduleSpec::exponential(1.0, 0.01), ten()));
    assert_follows("step(.1,g=.5,k=5)", &resolved(ScheduleSpec::step(0.1, 0.5, s(5)), Frame::steps(100)));
    let multistep = ScheduleSpec::multistep(0.1, 0.1, [s(30), s(80)]);
    assert_follows("multistep(.1,.1,[30,80])", &resolved(multistep, Frame::steps(100)));
    assert_follows("noam(1,512,4000)", &resolved(ScheduleSpec::noam(512.0, s(4000)), Frame::unbounded()));
}

#[test]
fn warmup_shapes_follow_their_closed_forms() {
    let warm = |shape| {
        let spec = ScheduleSpec::constant(1.0).warmup(s(10)).warmup_shape(shape, 0.01).warmup_first(0);
        resolved(spec, Frame::unbounded())
    };
    assert_follows("warmup_linear(start=.01,W=10)", &warm(WarmupShape::Linear));
    assert_follows("warmup_cosine(start=.01,W=10)", &warm(WarmupShape::Cosine));
    assert_follows("warmup_exp(start=.01,W=10)", &warm(WarmupShape::Exponential));
    let offset = resolved(ScheduleSpec::constant(1.0).warmup(s(4)), Frame::unbounded());
    assert_follows("warmup_linear_from0_offset1(W=4)", &offset);
}

#[test]
fn reciprocal_square_root_with_warmup_and_cooldown_follows_big_vision() {
    let key = "rsqrt(1e-3,W=100,ts=1000,shift0,T=10000,C=2000)";
    let open = ScheduleSpec::rsqrt(1e-3, s(1000)).warmup(s(100)).warmup_first(0);
    assert_follows(key, &resolved(open.clone().cooldown(s(2000)), Frame::steps(10_000)));
    // The same curve, ended late.
    let late = resolved(open, Frame::unbounded()).begin_cooldown(8000, 2000, CooldownShape::Linear).unwrap();
    assert_follows(key, &late);
}

#[test]
fn wsd_follows_its_closed_form_in_every_cooldown_shape() {
    let wsd = |shape| {
        let spec = ScheduleSpec::wsd(1.0, s(20)).cooldown_shape(shape).warmup(s(10)).warmup_first(0);
        resolved(spec, Frame::steps(100))
    };
    assert_follows("wsd(1,0,10,70,20,linear)", &wsd(CooldownShape::Linear));
    assert_follows("wsd(1,0,10,70,20,cosine)", &wsd(CooldownShape::Cosine));
    assert_follows("wsd(1,0,10,70,20,1-sqrt)", &wsd(CooldownShape::Sqrt));
    let half_lives = resolved(ScheduleSpec::wsd(1.0, s(20)).half_lives(4.0), Frame::steps(100));
    assert_close("half-lives", 85, half_lives.at(85), 0.5, 1.0);
    assert_eq!(half_lives.at(100), 0.0);
    let to_floor = ScheduleSpec::wsd(1.0, s(20)).floor(0.01).cooldown_shape(CooldownShape::Exponential);
    let to_floor = resolved(to_floor, Frame::steps(100));
    assert_close("geometric", 90, to_floor.at(90), 0.1, 1.0);
    assert_eq!(to_floor.at(100), 0.01);
}

#[test]
fn triangular_policies_follow_torch_and_the_paper() {
    let cyclic = || ScheduleSpec::cyclic(0.001, 0.006, s(2000));
    let open = Frame::unbounded;
    assert_follows("triangular(.001,.006,2000)", &resolved(cyclic(), open()));
    assert_follows("triangular2(.001,.006,2000)", &resolved(cyclic().triangular2(), open()));
    let exp_range = |bounds| resolved(cyclic().exp_range(0.99994, bounds), open());
    assert_follows("exp_range(.001,.006,2000,g=.99994)", &exp_range(Bounds::Amplitude));
    assert_follows("exp_range_bothbounds(.001,.006,2000,g=.99994)", &exp_range(Bounds::Both));
}

#[test]
fn warm_restarts_follow_the_paper_where_torch_misses_the_restart() {
    let sgdr = ScheduleSpec::warm_restarts(1.0, s(10)).multiplier(2.0);
    assert_follows("sgdr(1,0,T0=10,m=2)", &resolved(sgdr, Frame::steps(70)));
    let Value::Array(errors) = &fixture()["torch_warmrestart_log_index_errors_T0=1"] else { panic!("a list") };
    for error in errors {
        let number = |i: usize| error[i].as_f64().unwrap();
        let schedule = resolved(ScheduleSpec::warm_restarts(1.0, s(1)).multiplier(number(0)), Frame::unbounded());
        assert_eq!(schedule.at(number(2) as u64), 1.0, "{error}");
    }
}

#[test]
fn one_cycle_follows_torch_fastai_and_optax() {
    let inclusive = |spec: rheostat_schedule::OneCycle| resolved(spec.endpoint(Endpoint::Inclusive), Frame::steps(100));
    assert_follows("onecycle2(1,100)", &inclusive(ScheduleSpec::one_cycle(1.0)));
    assert_follows("onecycle3(1,100)", &inclusive(ScheduleSpec::one_cycle(1.0).three_phases()));
    let options = torch::OneCycleLr::new(100);
    assert_follows("onecycle2(1,100)", &resolved(torch::one_cycle_lr(1.0, &options), Frame::unbounded()));
    let three = torch::OneCycleLr { three_phase: true, ..options };
    assert_follows("onecycle3(1,100)", &resolved(torch::one_cycle_lr(1.0, &three), Frame::unbounded()));
    let fastai = fastai::one_cycle(1.0, 100, 0.25, 25.0, 1e5);
    assert_follows("fastai_onecycle(1,N=100)", &resolved(fastai, Frame::steps(100)));
    let cosine = optax::cosine_onecycle_schedule(100, 1.0, 0.3, 25.0, 1e4);
    assert_follows("optax_cosine_onecycle_T100_peak1", &resolved(cosine, Frame::steps(200)));
    assert_follows("optax_cosine_onecycle_T100_peak1", &resolved(ScheduleSpec::one_cycle(1.0), Frame::steps(100)));
    let linear = optax::linear_onecycle_schedule(100, 1.0, 0.3, 0.85, 25.0, 1e4);
    assert_follows("optax_linear_onecycle_T100_peak1", &resolved(linear, Frame::steps(200)));
}

#[test]
fn library_presets_follow_their_libraries() {
    let open = Frame::unbounded;
    assert_follows("torch_cos_after_end_Tmax10", &resolved(torch::cosine_annealing_lr(1.0, 10, 0.0), open()));
    assert_follows("torch_constantlr_default", &resolved(torch::constant_lr(1.0, 1.0 / 3.0, 5), open()));
    assert_follows("torch_linearlr_default", &resolved(torch::linear_lr(1.0, 1.0 / 3.0, 1.0, 5), open()));
    let warmup = optax::warmup_cosine_decay_schedule(0.0, 1.0, 10, 100, 0.1);
    assert_follows("optax_warmup_cosine(0,1,10,100,end.1)", &resolved(warmup, open()));
}

#[test]
fn slides_presets_follow_the_notebooks() {
    let run = || Frame::steps(slides::EPOCHS);
    assert_follows("slides_warmup_cosine_lr1e-3", &resolved(slides::warmup_cosine(1e-3), run()));
    assert_follows("slides_warmup_cosine_closed", &resolved(slides::warmup_cosine(1e-3), run()));
    assert_follows("slides_onecycle_lr", &resolved(slides::one_cycle(1e-3), run()));
    assert_follows("slides_onecycle_beta1", &resolved(slides::one_cycle_beta1(), run()));
    // Advanced once per epoch of 87 updates.
    let stairs = papers::staircase(&slides::warmup_cosine(1e-3), slides::EPOCHS).unwrap();
    let stairs = resolved(stairs, Frame::steps(8700).steps_per_epoch(87));
    for (epoch, want) in expected("slides_warmup_cosine_closed") {
        for t in [87 * epoch, 87 * epoch + 86] {
            assert_close("slides staircase", t, stairs.at(t), want, 1e-3);
        }
    }
}

#[test]
fn the_multiplicative_cyclic_schedule_reads_out_where_its_paper_does() {
    let schedule = resolved(papers::mosaic_clr(), Frame::steps(320_000).steps_per_epoch(625));
    assert_follows("seed002_lr", &schedule);
    let mut marks: Vec<u64> = [0, 5000].into();
    marks.extend(expected("seed002_cycle_end_steps(S=625)").iter().map(|(_, step)| *step as u64));
    assert_eq!(schedule.breakpoints(), marks);
}

#[test]
fn cost_ratios_follow_sum_and_closed_form() {
    for key in ["cost_ratio", "cost_ratio_closed"] {
        let Value::Object(map) = &fixture()[key] else { panic!("an object") };
        for (name, want) in map {
            let (r, n) = name.strip_prefix("r=").unwrap().split_once(",n=").unwrap();
            let got = cost_ratio(r.parse().unwrap(), n.parse().unwrap());
            assert!((got - want.as_f64().unwrap()).abs() < 1e-14, "{key} {name}: {got}");
        }
    }
}

#[test]
fn thesis_cycles_follow_the_thesis() {
    let cycle = |decay| resolved(thesis_cycles(decay, 53_333, &[THESIS_RATE], 0.02), Frame::steps(53_333));
    assert_follows("thesis_cos", &cycle(ThesisDecay::Cosine));
    assert_follows("thesis_exp", &cycle(ThesisDecay::Exponential));
    assert_follows("thesis_exp_optax", &cycle(ThesisDecay::Exponential));
    assert_follows("thesis_lin", &cycle(ThesisDecay::Linear));
    let want = fixture()["thesis_warmup_steps(L=53333,f=.02)"].as_u64().unwrap();
    assert!(cycle(ThesisDecay::Cosine).breakpoints().contains(&want));
}

#[test]
fn thesis_cycles_do_not_restart_at_the_very_end() {
    let spec = thesis_cycles(ThesisDecay::Linear, 160_000, &papers::THESIS_PEAKS, 0.02);
    let schedule = resolved(spec, Frame::steps(160_000));
    let restarts: Vec<u64> = (1..160_000).filter(|t| schedule.at(*t) == 0.0).collect();
    let want: Vec<u64> = expected("thesis_bounds_fixed(160000,3)").iter().map(|(_, step)| *step as u64).collect();
    assert_eq!(restarts, want);
}

#[test]
fn the_algoperf_baseline_follows_its_submission() {
    let schedule = resolved(papers::algoperf_baseline(THESIS_RATE), Frame::steps(80_000));
    for (t, want) in
        [(800, THESIS_RATE / 2.0), (1600, THESIS_RATE), (40_800, THESIS_RATE / 2.0), (79_999, 7.019524640533758e-13)]
    {
        assert_close("algoperf", t, schedule.at(t), want, THESIS_RATE);
    }
}

#[test]
fn an_overlaid_warmup_lowers_the_peak() {
    let schedule = resolved(papers::nlp_overlay(1.0), Frame::steps(1000));
    let want = 0.5 * (1.0 + (0.1 * std::f64::consts::PI).cos());
    assert_close("overlay", 100, schedule.at(100), want, 1.0);
    assert_close("overlay", 50, schedule.at(50), 0.25 * (1.0 + (0.05 * std::f64::consts::PI).cos()), 1.0);
}

#[test]
fn every_curve_of_the_fixture_is_tested() {
    let source = include_str!("oracles.rs");
    for key in fixture().keys() {
        let elsewhere = ["plateau", "torch_crosscheck", "thesis_bounds_code", "torch_warmrestart_T0=1"];
        // The ends in epochs say the same as those in steps.
        let elsewhere = elsewhere.iter().any(|prefix| key.starts_with(prefix)) || key == "seed002_cycle_end_epochs";
        assert!(elsewhere || source.contains(&format!("\"{key}\"")), "{key} is not tested");
    }
}
