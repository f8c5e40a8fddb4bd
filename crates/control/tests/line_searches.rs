//! What line searches do at the edges: nothing to gain, nothing found, upwards, by schedule.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod quadratic;

use quadratic::{Host, Rule, along, resolved, setting, update};
use rheostat_control::line_searches::{
    AdamSls, Alsals, Ascent, BestStep, Criterion, FLOOR, MOST_EXHAUSTED, Reset, Salsa, Slope, Sls, Tested,
};
use rheostat_control::{Ask, Base, Direction, LineSearch, LineSearchMethod, Opening, Outcome, Setting, Verdict};
use rheostat_schedule::{Frame, Part, ScheduleSpec, Span};

/// A straight line down.
fn line(size: f64) -> f64 {
    1.0 - size
}

fn every_search() -> [(&'static str, Box<dyn LineSearch>); 5] {
    [
        ("sls", resolved(&Sls::default())),
        ("adam_sls", resolved(&AdamSls::default())),
        ("alsals", resolved(&Alsals::default())),
        ("salsa", resolved(&Salsa::default())),
        ("best_step", resolved(&BestStep::default())),
    ]
}

#[test]
fn a_loss_or_slope_of_0_is_flat_and_forgets_nothing() {
    for (name, mut search) in every_search() {
        along(&mut *search, 0, 1.0, line).unwrap();
        let before = search.save();
        for (loss, decrease) in [(0.0, 1.0), (1.0, 0.0)] {
            let done = along(&mut *search, 1, decrease, |_| loss).unwrap();
            assert_eq!(done.verdict, Verdict::applied(0.0, Outcome::Flat), "{name}");
            assert_eq!(done.tried, [0.0; 0], "{name} looks nowhere");
            assert_eq!(search.save(), before, "{name}");
        }
    }
}

#[test]
fn sls_takes_a_gradient_norm_up_to_1e_8_for_0() {
    let mut search = resolved(&Sls::default());
    assert_eq!(along(&mut *search, 0, 1e-16, line).unwrap().verdict.outcome, Outcome::Flat);
    assert_ne!(along(&mut *search, 0, 1.1e-16, line).unwrap().verdict.outcome, Outcome::Flat);
}

#[test]
fn twenty_searches_without_a_step_end_the_run_in_words() {
    for (name, mut search) in every_search() {
        for step in 0..MOST_EXHAUSTED - 1 {
            let done = along(&mut *search, step, 1.0, |size| if size == 0.0 { 2.5 } else { f64::NAN }).unwrap();
            assert_eq!(done.verdict.outcome, Outcome::Exhausted, "{name}");
            assert_eq!(done.verdict.step_size, if name == "sls" { 1e-6 } else { 0.0 }, "{name}");
        }
        let why = along(&mut *search, 19, 1.0, |size| if size == 0.0 { 2.5 } else { f64::NAN }).unwrap_err();
        assert!(why.starts_with("20 searches in a row found no step; the last one tried "), "{name}: {why}");
    }
    let mut search = resolved(&Alsals { growth: Some(1.0), initial: 1.0, max_backtracks: 3, ..Alsals::plain() });
    let why = (0..20).find_map(|step| along(&mut *search, step, 2.0, |size| 1.0 + size).err()).unwrap();
    let want = "20 searches in a row found no step; the last one tried 3 step sizes from 0.1351 to 0.1094 at a loss of 1 \
                that should fall by 2 times the step size, and saw 1.109 in the end";
    assert_eq!(why, want);
}

#[test]
fn a_step_in_between_starts_the_count_anew() {
    for (name, mut search) in every_search() {
        for step in 0..60 {
            let bad = step % 20 != 0;
            let loss = |size: f64| if bad && size > 0.0 { f64::INFINITY } else { line(size) };
            assert!(along(&mut *search, step, 1.0, loss).is_ok(), "{name} at {step}");
        }
    }
}

#[test]
fn a_slope_that_is_not_finite_is_no_slope_to_remember() {
    for decrease in [f64::NAN, f64::INFINITY] {
        let mut search = resolved(&Alsals::default());
        assert_eq!(along(&mut *search, 0, decrease, line).unwrap().verdict.outcome, Outcome::Exhausted);
        assert_eq!(along(&mut *search, 1, 1.0, line).unwrap().verdict.outcome, Outcome::Satisfied);
    }
}

#[test]
fn an_exhausted_search_steps_back_once_but_sls_remembers_where_it_ended() {
    let wall = |size: f64| if size == 0.0 { 1.0 } else { f64::INFINITY };
    let next = |search: &mut dyn LineSearch| along(search, 1, 1.0, line).unwrap().verdict.step_size;
    let mut search = resolved(&AdamSls { growth: Some(1.0), ..AdamSls::default() });
    along(&mut *search, 0, 1.0, wall).unwrap();
    assert_eq!(next(&mut *search), 0.1 * 0.9);
    let mut search = resolved(&Sls { growth: Some(1.0), max_backtracks: 2, ..Sls::default() });
    along(&mut *search, 0, 1.0, wall).unwrap();
    assert_eq!(next(&mut *search), 0.9 * 0.9);
}

#[test]
fn no_search_goes_below_the_floor() {
    let spec = AdamSls { initial: 2.0 * FLOOR, max_backtracks: 200, ..AdamSls::default() };
    let done = along(&mut *resolved(&spec), 0, 1.0, |size| if size == 0.0 { 1.0 } else { 2.0 }).unwrap();
    assert_eq!(done.verdict.outcome, Outcome::Exhausted);
    assert!(done.tried.len() < 10 && done.tried.iter().all(|size| *size >= FLOOR));
}

#[test]
fn losses_that_differ_by_rounding_are_taken_and_told_apart() {
    let loss = |size: f64| if size == 0.0 { 1.0 } else { 1.0 + 1e-7 };
    let done = along(&mut *resolved(&AdamSls::default()), 0, 1.0, loss).unwrap();
    assert_eq!((done.verdict.outcome, done.backtracks()), (Outcome::Unresolved, 0));
    let exact = AdamSls { resolution: 0.0, ..AdamSls::default() };
    assert_eq!(along(&mut *resolved(&exact), 0, 1.0, loss).unwrap().verdict.outcome, Outcome::Exhausted);
    let equal = along(&mut *resolved(&exact), 0, 1.0, |_| 1.0).unwrap();
    assert_eq!(equal.verdict.outcome, Outcome::Unresolved, "as the published programs: only equal losses");
}

#[test]
fn a_warm_up_rises_to_the_initial_step_size_and_measures_nothing() {
    let mut search = resolved(&Alsals { warmup: Span::Steps(4), initial: 0.2, growth: Some(1.5), ..Alsals::default() });
    for (step, want) in [0.05, 0.1, 0.15, 0.2].into_iter().enumerate() {
        let Opening::Settled(verdict) = search.open(step as u64, None) else { panic!("it searches in update {step}") };
        assert!((verdict.step_size - want).abs() < 1e-15 && verdict.outcome == Outcome::WarmUp);
    }
    let done = along(&mut *search, 4, 1.0, line).unwrap();
    assert!((done.verdict.step_size - 0.3).abs() < 1e-15, "the search starts from there: {:?}", done.verdict);
    let epochs = Setting { frame: Frame::steps(100).steps_per_epoch(10), ..setting() };
    let mut search = AdamSls { warmup: Span::Epochs(0.5), ..AdamSls::default() }.resolve(&epochs).unwrap();
    assert!(matches!(search.open(4, None), Opening::Settled(_)) && matches!(search.open(5, None), Opening::Search(_)));
}

#[test]
fn a_schedule_beside_a_search_bounds_its_step_size() {
    for (name, mut search) in every_search() {
        let Opening::Search(_) = search.open(0, Some(0.01)) else { panic!("{name} searches") };
        let mut ask = search.begin(Base { loss: 1.0, decrease: 1.0 });
        let size = loop {
            ask = match ask {
                Ask::Try(size) => search.tell(line(size)),
                Ask::Settle(verdict) => break verdict.step_size,
                other => panic!("{name}: {other:?}"),
            };
        };
        assert_eq!(size, 0.01, "{name}");
        let none = Opening::Settled(Verdict::applied(0.0, Outcome::Scheduled));
        assert_eq!(search.open(1, Some(0.0)), none, "{name}");
    }
}

/// Every search under a schedule that no step is longer than.
fn every_search_under(cap: &ScheduleSpec, setting: &Setting) -> [(&'static str, Box<dyn LineSearch>); 5] {
    let cap = || Some(cap.clone());
    let resolved = |spec: &dyn LineSearchMethod| spec.resolve(setting).unwrap_or_else(|errors| panic!("{errors:?}"));
    [
        ("sls", resolved(&Sls { cap: cap(), ..Sls::default() })),
        ("adam_sls", resolved(&AdamSls { cap: cap(), ..AdamSls::default() })),
        ("alsals", resolved(&Alsals { cap: cap(), ..Alsals::default() })),
        ("salsa", resolved(&Salsa { cap: cap(), ..Salsa::default() })),
        ("best_step", resolved(&BestStep { cap: cap(), ..BestStep::default() })),
    ]
}

#[test]
fn no_step_is_longer_than_its_cap() {
    let run = Setting { frame: Frame::steps(20), ..setting() };
    for (name, mut search) in every_search_under(&ScheduleSpec::linear(0.05, 0.0).into(), &run) {
        for step in 0..20 {
            let size = along(&mut *search, step, 1.0, line).unwrap().verdict.step_size;
            let cap = 0.05 * (1.0 - step as f64 / 20.0);
            assert!((size - cap).abs() < 1e-15, "{name}, update {step}: {size} under {cap}");
        }
        let none = along(&mut *search, 20, 1.0, line).unwrap().verdict;
        assert_eq!(none, Verdict::applied(0.0, Outcome::Scheduled), "{name} at a cap of 0");
    }
}

#[test]
fn a_cap_that_rises_again_finds_the_search_where_it_was() {
    let run = Setting { frame: Frame::steps(100), ..setting() };
    let cap = [Part::lasting(Span::Steps(50), 1e-4), Part::rest(5.0)];
    for (name, mut search) in every_search_under(&ScheduleSpec::sequence(cap).into(), &run) {
        for step in 0..50 {
            assert_eq!(along(&mut *search, step, 1.0, line).unwrap().verdict.step_size, 1e-4, "{name}");
        }
        let size = along(&mut *search, 50, 1.0, line).unwrap().verdict.step_size;
        // Averages of what small steps gained do not permit a long one at once.
        let smoothed = ["alsals", "salsa"].contains(&name);
        assert_eq!(size < 2e-4, smoothed, "{name} took {size}");
        assert!(smoothed || size >= 0.1, "{name} took {size}");
    }
}

#[test]
fn sls_starts_from_what_reset_says() {
    let second = |reset| {
        let mut search = resolved(&Sls { reset, growth: Some(1.5), initial: 4.0, ..Sls::default() });
        let steep = |size: f64| (1.0 - size).powi(2);
        let first = along(&mut *search, 0, 2.0, steep).unwrap();
        (first.verdict.step_size, along(&mut *search, 1, 2.0, steep).unwrap().tried[0])
    };
    let (accepted, start) = second(Reset::Grow);
    assert_eq!(start, accepted * 1.5);
    let (accepted, start) = second(Reset::Keep);
    assert_eq!(start, accepted);
    assert_eq!(second(Reset::Initial).1, 4.0);
}

#[test]
fn goldstein_lengthens_steps_that_are_too_short() {
    let spec = Sls { criterion: Criterion::Goldstein, initial: 1e-3, c: 0.25, ..Sls::default() };
    let done = along(&mut *resolved(&spec), 0, 2.0, |size| (1.0 - size).powi(2)).unwrap();
    // Accepted from 2 c = 0.5 to 2 (1 - c) = 1.5.
    assert!((0.5..=1.5).contains(&done.verdict.step_size), "{done:?}");
    assert!(done.tried.windows(2).all(|pair| pair[1] == 2.0 * pair[0]));
    let straight = along(&mut *resolved(&spec), 0, 1.0, |size| 100.0 - size).unwrap();
    assert_eq!(
        (straight.verdict.step_size, straight.verdict.outcome),
        (10.0, Outcome::Satisfied),
        "the maximum will do"
    );
}

#[test]
fn sls_looks_along_the_gradient_and_steps_along_the_optimizer() {
    let mut search = resolved(&Sls::default());
    assert_eq!(search.open(0, None), Opening::Search(Direction::NegativeGradient));
    let done = along(&mut *search, 0, 1.0, line).unwrap();
    assert_eq!(done.verdict.along, Direction::Applied);
    assert_eq!(resolved(&AdamSls::default()).open(0, None), Opening::Search(Direction::WithoutMomentum));
    assert_eq!(resolved(&Alsals::default()).open(0, None), Opening::Search(Direction::Applied));
}

#[test]
fn a_direction_upwards_is_met_as_ascent_says() {
    let up = |size: f64| 1.0 + size;
    let after_a_step = |ascent| {
        let mut search = resolved(&Alsals { ascent, growth: Some(1.5), ..Alsals::plain() });
        along(&mut *search, 0, 1.0, line).unwrap();
        along(&mut *search, 1, -1.0, up).unwrap()
    };
    let inverse = after_a_step(Ascent::InverseC);
    assert_eq!((inverse.verdict.outcome, inverse.backtracks()), (Outcome::Satisfied, 0));
    let reused = after_a_step(Ascent::Reuse);
    assert_eq!((reused.verdict.outcome, reused.tried.len()), (Outcome::Ascent, 0));
    assert_eq!(reused.verdict.step_size, inverse.verdict.step_size / 1.5, "without growth");
    let mut search = resolved(&Alsals { ascent: Ascent::DropMomentum, ..Alsals::plain() });
    let decrease = |along| if along == Direction::Applied { -1.0 } else { 1.0 };
    let loss = |along, size| if along == Direction::Applied { up(size) } else { line(size) };
    let turned = update(&mut *search, 0, decrease, loss).unwrap();
    assert_eq!(turned.verdict.along, Direction::WithoutMomentum);
    let next = along(&mut *search, 1, 1.0, line).unwrap();
    assert_eq!(next.verdict.along, Direction::Applied, "only that update");
}

#[test]
fn smoothing_lets_the_loss_rise_on_credit_and_a_cap_stops_it() {
    let losses = |spec: &Alsals| {
        let (mut host, mut search) = (Host::of_the_traces(Rule::Adam(0.9, 1e-8)), resolved(spec));
        let after = |step| {
            host.update(&mut *search, step).unwrap();
            host.loss(&host.weights)
        };
        (0..3).map(after).collect::<Vec<f64>>()
    };
    let smoothed = Alsals { initial: 10.0, ..Alsals::default() };
    let rising = losses(&smoothed);
    assert!(rising[0] < rising[1] && rising[1] < rising[2] && rising[2] > 5.0, "{rising:?}");
    let capped = losses(&Alsals { credit_cap: Some(1.0), ..smoothed.clone() });
    assert!(capped[2] <= 2.0 * capped[1], "{capped:?}");
    let plain = losses(&Alsals { smoothing: 0.0, ..smoothed });
    assert!(plain.windows(2).all(|pair| pair[1] < pair[0]), "{plain:?}");
}

#[test]
fn an_update_without_a_step_leaves_the_averages_as_they_were() {
    let mut one = resolved(&Alsals { backtrack: 0.5, max_backtracks: 2, ..Alsals::default() });
    along(&mut *one, 0, 1.0, line).unwrap();
    let averages = |search: &dyn LineSearch| search.save()[search.save().len() - 24..search.save().len() - 8].to_vec();
    let before = averages(&*one);
    let failed = along(&mut *one, 1, 5.0, |size| if size == 0.0 { 1.0 } else { f64::NAN }).unwrap();
    assert_eq!(failed.verdict.outcome, Outcome::Exhausted);
    assert_eq!(averages(&*one), before);
}

#[test]
fn a_probe_that_blows_up_or_drowns_gives_way_to_the_exact_slope() {
    let finite = Alsals { slope: Slope::FiniteDifference, ..Alsals::plain() };
    for noise in [0.0, 4e-7, f64::NAN, f64::INFINITY] {
        let loss = |size: f64| if size == finite.probe { 1.0 + noise } else { line(size) };
        let done = along(&mut *resolved(&finite), 0, 1.0, loss).unwrap();
        assert_eq!(done.verdict.outcome, Outcome::SlopeUnresolved, "{noise}");
        assert_eq!(done.probed, [finite.probe]);
    }
    // Retries end: nine probes, then the exact slope.
    let deaf = |size: f64| if size > 0.0 && size < 0.9 { 1.0 } else { line(size) };
    let done = along(&mut *resolved(&Alsals { initial: 1.0, ..Alsals::code() }), 0, 1.0, deaf).unwrap();
    assert_eq!((done.probed.len(), done.verdict.outcome), (9, Outcome::SlopeUnresolved));
}

#[test]
fn salsa_leaves_updates_out_only_after_nine_searches_and_reuses_the_step_size() {
    let mut search = resolved(&Salsa { growth: 1.0, ..Salsa::default() });
    let updates: Vec<_> = (0..40).map(|step| along(&mut *search, step, 1.0, |size| 20.0 - size).unwrap()).collect();
    let searched: Vec<usize> = (0..40).filter(|step| quadratic::searched(&updates[*step])).collect();
    assert_eq!(searched, [0, 1, 2, 3, 4, 5, 6, 7, 8, 18, 28, 38]);
    assert_eq!(updates[10].verdict, Verdict::applied(1.0, Outcome::Reused));
}

#[test]
fn salsa_searches_again_at_once_when_nothing_was_found() {
    let mut search = resolved(&Salsa { growth: 1.0, ..Salsa::default() });
    for step in 0..18 {
        along(&mut *search, step, 1.0, |size| 20.0 - size).unwrap();
    }
    for step in 18..21 {
        let done = along(&mut *search, step, 1.0, |size| if size == 0.0 { 1.0 } else { f64::NAN }).unwrap();
        assert_eq!(done.verdict.outcome, Outcome::Exhausted, "{step}");
    }
}

#[test]
fn literal_salsa_repeats_the_published_slips() {
    let literal = Salsa { growth: 1.5, ..Salsa::published() };
    let mut search = resolved(&literal);
    let first = along(&mut *search, 0, 1.0, |size| 20.0 - size).unwrap();
    assert_eq!(first.verdict.along, Direction::WithoutMomentum, "the weights stay at the trial point");
    // A loss below 1e-8 is stepped from without looking.
    let unseen = along(&mut *search, 1, 1.0, |_| 1e-9).unwrap();
    assert_eq!((unseen.verdict.outcome, unseen.tried.len()), (Outcome::Reused, 0));
    assert_eq!(unseen.verdict.step_size, 1.5 * first.verdict.step_size);
    // Growth on updates that are left out is not remembered: the second of two in a row shows it, below the maximum.
    let (growth, maximum) = (1.5, 0.85);
    let mut steady = resolved(&Salsa { growth, maximum, initial: 0.5, tested: Tested::Applied, ..literal });
    let (mut found, mut in_a_row, mut telling) = (0.5, 0, 0);
    for step in 0..400 {
        let wall = |size: f64| if size > 0.6 { f64::INFINITY } else { 20.0 - size };
        let done = along(&mut *steady, step, 1.0, wall).unwrap();
        if done.verdict.outcome != Outcome::Reused {
            (found, in_a_row) = (done.verdict.step_size, 0);
            continue;
        }
        let grown = f64::min(maximum, growth * found);
        assert_eq!(done.verdict.step_size, grown, "update {step} after a search that found {found}");
        in_a_row += 1;
        telling += usize::from(in_a_row > 1 && grown < maximum);
    }
    assert!(telling > 0, "no two updates in a row were left out");
}

#[test]
fn the_best_step_of_a_parabola_is_found_to_what_the_grid_permits() {
    let steep = |size: f64| (1.0 - size / 0.02).powi(2);
    let grid = along(&mut *resolved(&BestStep::default()), 0, 100.0, steep).unwrap();
    assert_eq!((grid.tried.len(), grid.verdict.outcome), (29, Outcome::Best));
    assert_eq!((grid.tried[0], grid.tried[28]), (1e-6, 10.0));
    assert!(steep(grid.verdict.step_size) <= 0.08, "{grid:?}");
    let refined = along(&mut *resolved(&BestStep { refine: 30, ..BestStep::default() }), 0, 100.0, steep).unwrap();
    assert!((refined.verdict.step_size - 0.02).abs() < 1e-6, "{refined:?}");
}

#[test]
fn the_best_step_of_a_direction_upwards_is_the_shortest() {
    let done =
        along(&mut *resolved(&BestStep { refine: 3, ..BestStep::default() }), 0, -1.0, |size| 1.0 + size).unwrap();
    assert_eq!(done.verdict, Verdict::applied(1e-6, Outcome::Best));
}

#[test]
fn the_state_of_one_search_is_not_that_of_another() {
    let saved: Vec<_> = every_search().into_iter().map(|(name, search)| (name, search.save())).collect();
    for (name, mut search) in every_search() {
        for (of, bytes) in &saved {
            assert_eq!(search.load(bytes).is_ok(), *of == name, "{name} loads a state of {of}");
        }
    }
    let mut damaged = resolved(&Alsals::default()).save();
    let at = damaged.len() - 32;
    damaged[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
    let error = resolved(&Alsals::default()).load(&damaged).unwrap_err();
    assert_eq!(
        error.to_string(),
        "saved state of alsals cannot be read: 0.1, NaN, 0, 0 are no step sizes and averages"
    );
}
