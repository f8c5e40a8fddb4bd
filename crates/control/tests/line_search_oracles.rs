//! Line searches against values computed independently; see `fixtures/README.md`.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod quadratic;

use quadratic::{Host, Rule, Update, along, resolved, setting, update};
use rheostat_control::line_searches::{AdamSls, Alsals, Frequency, Salsa, Sls, Tested};
use rheostat_control::{Direction, LineSearch, LineSearchMethod, LineSearchSpec, Outcome};
use rheostat_schedule::Frame;
use serde_json::Value;

const ADAM: Rule = Rule::Adam(0.9, 1e-8);

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/line_search.json")).unwrap()
}

fn close(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{what}: {got:e}, want {want:e}");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Runs as long as the trace, and compares each row of it; `slope` says where a row has the slope.
fn follow(trace: &str, spec: &impl LineSearchMethod, mut host: Host, slope: Option<usize>) {
    let fixture = fixture();
    let rows = fixture["traces"][trace].as_object().unwrap_or_else(|| panic!("{trace}"));
    let last: u64 = rows.keys().map(|step| step.parse().unwrap()).max().unwrap();
    let mut search = resolved(spec);
    for step in 1..=last {
        let done = host.update(&mut *search, step - 1).unwrap();
        let Some(row) = rows.get(&step.to_string()).and_then(Value::as_array) else { continue };
        // SALSA's rows begin with whether it searched.
        let row = match row[0].as_bool() {
            None => &row[..],
            Some(searched) => {
                assert_eq!(quadratic::searched(&done), searched, "{trace}, step {step}");
                &row[1..]
            }
        };
        let what = format!("{trace}, step {step}");
        close(done.verdict.step_size, row[0].as_f64().unwrap(), &what);
        assert_eq!(done.backtracks() as u64, row[1].as_u64().unwrap(), "{what}: backtracks");
        assert_eq!(done.evaluations() as u64, row[2].as_u64().unwrap(), "{what}: evaluations");
        close(host.loss(&host.weights), row[3].as_f64().unwrap(), &what);
        for (got, want) in host.weights.iter().zip(numbers(&row[4])) {
            close(*got, want, &what);
        }
        if let Some(at) = slope {
            close(done.base.unwrap().decrease, row[at].as_f64().unwrap(), &what);
        }
    }
}

#[test]
fn sls_follows_its_trace() {
    follow("sls(eta0=1,c=.1)", &Sls::default(), Host::of_the_traces(Rule::Sgd), None);
}

#[test]
fn adam_with_sls_follows_its_trace() {
    follow("adam_sls(eta0=.1,c=.1,no smoothing)", &AdamSls::default(), Host::of_the_traces(ADAM), None);
}

#[test]
fn alsals_follows_its_traces_with_and_without_smoothing() {
    let host = || Host::of_the_traces(ADAM);
    follow("alsals(eta0=.1,c=.6,exact,beta_s=0)", &Alsals::plain(), host(), Some(5));
    let high = Alsals { initial: 10.0, ..Alsals::plain() };
    follow("alsals(eta0=10,c=.6,exact,beta_s=0)", &high, host(), Some(5));
    let smoothed = Alsals { smoothing: 0.99, ..high };
    follow("alsals(eta0=10,c=.6,exact,beta_s=.99)", &smoothed, host(), Some(5));
}

/// SALSA as the trace has it: shorter backtracks, slower growth, tested with momentum.
fn salsa() -> Salsa {
    Salsa { backtrack: 0.9, growth: (1.0_f64 / 500.0).exp2(), tested: Tested::Applied, ..Salsa::default() }
}

#[test]
fn salsa_follows_its_trace_and_searches_108_times_in_1000() {
    // To the end every difference of losses counts, however small.
    let exact = Salsa { resolution: 0.0, ..salsa() };
    follow("salsa(eta0=1,c=.3,use_m)", &exact, Host::of_the_traces(ADAM), None);
    let (mut host, mut search) = (Host::of_the_traces(ADAM), resolved(&exact));
    let updates = (0..1000).map(|step| host.update(&mut *search, step).unwrap());
    let searches = updates.filter(quadratic::searched).count() as u64;
    assert_eq!(searches, fixture()["salsa_searches_1000"].as_u64().unwrap());
}

#[test]
fn the_published_averages_need_239_searches_for_an_interval_of_ten() {
    let fixture = fixture();
    let mut frequency = Frequency::new(true);
    let mut reached = None;
    for searches in 1..=300_u64 {
        frequency.found(1.0);
        if let Some(want) = fixture["salsa_L_k"].get(searches.to_string()) {
            close(frequency.interval(), want.as_f64().unwrap(), &format!("after {searches} searches"));
        }
        if frequency.interval() == 10.0 && reached.is_none() {
            reached = Some(searches);
        }
    }
    assert_eq!(reached, fixture["salsa_L_k_const_step_first_reaches_10_after_updates"].as_u64());
}

/// Searches in 1000 updates that all find a step size of 1.
fn searches_at_a_constant_step(literal: bool) -> usize {
    let spec = Salsa { literal, growth: 1.0, resolution: 0.0, ..Salsa::default() };
    let mut search = resolved(&spec);
    let updates = (0..1000).map(|step| along(&mut *search, step, 2.0, |size| 2.0 - size).unwrap());
    updates.filter(quadratic::searched).count()
}

#[test]
fn at_a_constant_step_the_published_averages_search_250_times_and_corrected_ones_108_times() {
    let published = fixture()["salsa_searches_in_first_1000_steps(constant step)"].as_u64().unwrap();
    assert_eq!(searches_at_a_constant_step(true) as u64, published);
    assert_eq!(searches_at_a_constant_step(false), 108);
}

#[test]
fn on_a_parabola_sls_finds_the_step_sizes_of_the_table() {
    let fixture = fixture();
    let rows = fixture["sls_quadratic(a=10,w0=1,eta0=1,c=.1,beta=.9,gamma=2,b=500)"].as_array().unwrap();
    let (mut host, mut search) = (Host::new(&[10.0], &[1.0], Rule::Sgd), resolved(&Sls::default()));
    for (step, row) in rows.iter().map(numbers).enumerate() {
        let done = host.update(&mut *search, step as u64).unwrap();
        close(done.verdict.step_size, row[0], "step size");
        close(host.weights[0], row[1], "weight");
        assert_eq!([done.backtracks() as f64, done.evaluations() as f64], [row[2], row[3]], "step {step}");
    }
}

#[test]
fn adam_with_sls_from_ten_takes_six_backtracks() {
    let fixture = fixture();
    let row = numbers(&fixture["adam_sls_first(a=2,w=3,eta0=10,c=.1,beta=.9)"]);
    let spec = AdamSls { initial: 10.0, ..AdamSls::default() };
    let (mut host, mut search) = (Host::new(&[2.0], &[3.0], ADAM), resolved(&spec));
    let done = host.update(&mut *search, 0).unwrap();
    close(done.verdict.step_size, row[0], "step size");
    close(host.weights[0], row[1], "weight");
    assert_eq!(done.backtracks() as f64, row[2]);
}

/// The first trial of a search that starts at `initial`.
fn first(spec: &str, initial: f64, decrease: f64, loss: impl Fn(f64) -> f64) -> Update {
    let text = format!("method = \"{spec}\ninitial = {initial:?}\ngrowth = 1.0\nresolution = 0.0\n");
    let spec: LineSearchSpec = toml::from_str(&text).unwrap();
    along(&mut *resolved(&spec), 0, decrease, loss).unwrap()
}

/// Whether the threshold of a criterion lies there: just below it the first trial is accepted, just above it is not.
fn threshold_is(want: f64, spec: &str, decrease: f64, loss: impl Fn(f64) -> f64) {
    assert_eq!(first(spec, want * (1.0 - 1e-12), decrease, &loss).backtracks(), 0, "{spec} below {want}");
    assert!(first(spec, want * (1.0 + 1e-12), decrease, &loss).backtracks() > 0, "{spec} above {want}");
}

#[test]
fn thresholds_on_parabolas_lie_where_algebra_says() {
    let fixture = fixture();
    let of = |key: &str| fixture[key].as_f64().unwrap();
    // x = 1 on 10 x^2 / 2 along the gradient.
    threshold_is(of("sls_threshold 2(1-c)/a"), "sls\"", 100.0, |size| 5.0 * (1.0 - 10.0 * size).powi(2));
    // x = 3 on x^2 along a unit direction, down and then up.
    let down = |size: f64| (3.0 - size).powi(2);
    threshold_is(of("adam_sls_first_threshold"), "adam_sls\"", 6.0, down);
    threshold_is(of("alsals_threshold(c=.6,w=3)"), "alsals\"\nsmoothing = 0.0", 6.0, down);
    let up = |size: f64| (3.0 + size).powi(2);
    threshold_is(of("alsals_ascent_threshold(a=2,g=6,c=.6)"), "alsals\"\nsmoothing = 0.0", -6.0, up);
}

#[test]
fn in_the_long_run_backtracks_balance_growth() {
    let fixture = fixture();
    let cases = [
        ("sls/alsals paper", "alsals\"\nsmoothing = 0.0\nc = 0.5".to_owned()),
        ("alsals code", format!("alsals\"\nsmoothing = 0.0\nc = 0.5\ngrowth = {:?}", 1.0 / 0.999)),
        ("salsa code", "alsals\"\nsmoothing = 0.0\nc = 0.5\ngrowth = 1.1\nbacktrack = 0.8".to_owned()),
    ];
    for (name, text) in cases {
        let spec: LineSearchSpec = toml::from_str(&format!("method = \"{text}\n")).unwrap();
        let mut search = resolved(&spec);
        let mut backtracks = |step| along(&mut *search, step, 2.0, |size| (1.0 - size).powi(2)).unwrap().backtracks();
        // The first few thousand grow towards the threshold.
        let counts: Vec<usize> = (0..30_000).map(&mut backtracks).skip(5_000).collect();
        let got = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        let want = fixture[format!("equilibrium_backtracks_per_search[{name}]")].as_f64().unwrap();
        assert!((got - want).abs() < 0.01 * want, "{name}: {got}, want {want}");
    }
}

#[test]
fn growth_doubles_the_step_within_an_epoch() {
    let setting = rheostat_control::Setting { frame: Frame::steps(1000).steps_per_epoch(8), ..setting() };
    let mut search = Alsals { initial: 0.01, ..Alsals::plain() }.resolve(&setting).unwrap();
    let sizes: Vec<f64> =
        (0..8).map(|step| along(&mut *search, step, 1.0, |size| 2.0 - size).unwrap().verdict.step_size).collect();
    close(sizes[7], 0.02, "after an epoch");
}

#[test]
fn in_single_precision_a_probe_of_the_paper_moves_no_weight_of_one() {
    let fixture = fixture();
    for (key, probe) in [("f32_w+eps-w for eps=5e-8", 5e-8_f32), ("f32_w+eps-w for eps=5e-9", 5e-9)] {
        for (weight, want) in fixture[key].as_object().unwrap() {
            let weight: f32 = weight.parse().unwrap();
            assert_eq!(f64::from(weight + probe - weight), want.as_f64().unwrap(), "{weight} + {probe}");
        }
    }
    // So the difference says nothing, and the exact slope is used.
    let loss = |size: f64| f64::from((1.5_f32 - size as f32).powi(2));
    let mut search = resolved(&Alsals { initial: 0.1, ..Alsals::paper() });
    let done = along(&mut *search, 0, 3.0, loss).unwrap();
    assert_eq!(done.verdict.outcome, Outcome::SlopeUnresolved);
    assert_eq!(done.probed, [5e-8]);
    // The program multiplies the probe by ten until it says something.
    let mut search = resolved(&Alsals { initial: 0.1, ..Alsals::code() });
    let done = along(&mut *search, 0, 3.0, loss).unwrap();
    assert_eq!(done.verdict.outcome, Outcome::Satisfied);
    assert_eq!(done.probed, [5e-9, 5e-8, 5e-7]);
}

#[test]
fn a_difference_over_a_small_probe_is_the_exact_slope() {
    let (mut exact, mut measured) = (Host::of_the_traces(ADAM), Host::of_the_traces(ADAM));
    let plain = Alsals::plain();
    let finite = Alsals { slope: rheostat_control::line_searches::Slope::FiniteDifference, ..Alsals::plain() };
    let (mut one, mut two) = (resolved(&plain), resolved(&finite));
    for step in 0..30 {
        let (one, two) = (exact.update(&mut *one, step).unwrap(), measured.update(&mut *two, step).unwrap());
        assert_eq!((one.verdict.step_size, two.probed.len()), (two.verdict.step_size, 1), "step {step}");
    }
}

#[test]
fn a_turn_searches_along_the_direction_it_names() {
    let spec: LineSearchSpec = toml::from_str("method = \"alsals\"\nascent = \"drop_momentum\"\n").unwrap();
    let mut search: Box<dyn LineSearch> = resolved(&spec);
    let decrease = |along| if along == Direction::Applied { -1.0 } else { 1.0 };
    let loss = |along, size: f64| if along == Direction::Applied { 1.0 + size } else { 1.0 - size };
    let done = update(&mut *search, 0, decrease, loss).unwrap();
    assert_eq!((done.verdict.along, done.verdict.outcome), (Direction::WithoutMomentum, Outcome::Satisfied));
    assert_eq!(done.base.unwrap().decrease, 1.0);
}
