//! AutoLRS: stages, candidates, going back, and what happens when losses are not finite.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod toy;

use proptest::prelude::*;
use rheostat_control::autolrs::{Forecasting, Metric, SearchMethod};
use rheostat_control::{Action, AutoLrs, AutoLrsController, Controller, Hyperparameter, Observation, StopReason};
use rheostat_schedule::{Frame, Span};
use toy::{Host, rate, setting};

/// Stages of 200 updates, five candidates of 20 from 1e-3 to 10.
fn small() -> AutoLrs {
    AutoLrs {
        low: 1e-3,
        high: 10.0,
        candidates: 5,
        train: Some(Span::Steps(200)),
        search: Some(Span::Steps(20)),
        ..AutoLrs::default()
    }
}

fn of(spec: &AutoLrs, total: u64) -> AutoLrsController {
    spec.controller(&setting(Frame::steps(total))).expect("resolves")
}

fn ran(spec: &AutoLrs, mut host: Host, total: u64) -> Host {
    host.run(&mut of(spec, total), total, 10 * total);
    host
}

/// Stretches of the same rate: from which update, at which rate, how many updates.
fn stretches(host: &Host) -> Vec<(u64, f64, u64)> {
    let mut found: Vec<(u64, f64, u64)> = Vec::new();
    let mut expected = 0;
    for (step, rate, _) in &host.steps {
        match found.last_mut() {
            Some((_, same, count)) if same == rate && *step == expected => *count += 1,
            _ => found.push((*step, *rate, 1)),
        }
        expected = step + 1;
    }
    found
}

#[test]
fn each_candidate_starts_where_the_stage_began_and_the_winner_trains() {
    let host = ran(&small(), Host::new(1.0), 400);
    let found = stretches(&host);
    // Bit-reversed: 0, 4, 2, 1, 3 of the grid.
    let order = [1e-3, 10.0, 0.1, 1e-2, 1.0];
    for (stretch, want) in found.iter().zip(order) {
        let (from, rate, count) = *stretch;
        assert_eq!((from, count), (0, 20), "{found:?}");
        assert!((rate / want - 1.0).abs() < 1e-12, "{rate} {want}");
    }
    assert_eq!(found[5].0, 0, "back to the beginning");
    assert_eq!(found[5].2, 200);
    assert_eq!(found[6].0, 200, "the next stage begins after it");
    // One snapshot a stage, one return a candidate.
    assert_eq!((host.count(&Action::Save), host.count(&Action::Restore)), (2, 10));
    assert_eq!(host.updates, 400);
    assert_eq!(host.spent, 400 + 2 * 5 * 20);
    assert!(host.weight.abs() < 1e-10, "it has trained: {}", host.weight);
}

#[test]
fn going_back_and_training_again_gives_the_same_losses() {
    let host = ran(&small(), Host::new(0.7), 200);
    let firsts: Vec<f64> = host.steps.iter().filter(|(step, ..)| *step == 0).map(|(.., loss)| *loss).collect();
    assert_eq!(firsts.len(), 6);
    assert!(firsts.iter().all(|loss| *loss == firsts[0]));
    // The winner's stretch begins with what it showed as a candidate.
    let winner = host.steps.last().expect("steps").1;
    let of_winner: Vec<f64> =
        host.steps.iter().filter(|(step, rate, _)| *rate == winner && *step < 20).map(|(.., loss)| *loss).collect();
    assert_eq!(of_winner[..20], of_winner[20..]);
}

#[test]
fn of_rates_that_all_contract_the_nearest_to_one_over_the_curvature_wins() {
    for curvature in [0.11, 0.5, 1.0, 3.0, 9.0] {
        // Up to 0.38 / a, on one side, and up to 1.6 / a, past it. A curve no faster than exp(-x) leaves out what lies between.
        for (low, high, candidates) in [(1e-3, 0.38, 6), (0.05, 1.6, 3)] {
            let spec = AutoLrs { low: low / curvature, high: high / curvature, candidates, ..small() };
            let host = ran(&spec, Host::new(curvature), 200);
            let (_, winner, _) = *stretches(&host).last().unwrap();
            let distance = |rate: f64| (1.0 - rate * curvature).abs();
            let tried = host.steps.iter().map(|(_, rate, _)| distance(*rate));
            let best = tried.fold(f64::INFINITY, f64::min);
            assert!(distance(winner) <= best, "{curvature}: {winner} {:?}", host.reasons);
        }
    }
}

#[test]
fn a_rate_that_blows_up_never_wins() {
    // Of 1e-3 to 10 on a curvature of 20 everything above 0.1 grows.
    let host = ran(&small(), Host::new(20.0), 200);
    let (_, winner, count) = *stretches(&host).last().expect("stretches");
    assert!(winner < 0.1 && count == 200, "{winner}");
    assert!(host.weight.abs() < 1.0);
}

#[test]
fn a_candidate_whose_loss_is_not_finite_is_given_up_at_once() {
    let mut host = Host::new(1.0);
    host.fault = |host, _| (host.rate > 0.5 && host.updates == 7).then_some(f64::NAN);
    let host = ran(&small(), host, 200);
    let found = stretches(&host);
    assert_eq!(found[1].2, 8, "seven updates and the refused one: {found:?}");
    assert_eq!(host.said("given up, the loss was NaN"), 2);
    assert!(found[5].1 < 0.5 && found[5].2 == 200);
}

#[test]
fn when_all_are_given_up_the_search_is_made_once_more_lower_down() {
    let mut host = Host::new(1.0);
    host.fault = |host, _| (host.spent < 5).then_some(f64::INFINITY);
    let host = ran(&small(), host, 200);
    assert_eq!(host.said("once more, up to rate 1"), 1, "{:?}", host.reasons);
    let highest = host.steps[5..].iter().map(|(_, rate, _)| *rate).fold(0.0, f64::max);
    assert!((highest - 1.0).abs() < 1e-12, "{highest}");
    assert!(!host.stopped && host.updates == 200);
    let mut lost = Host::new(1.0);
    lost.fault = |_, _| Some(f64::NAN);
    let lost = ran(&small(), lost, 200);
    assert_eq!(lost.actions.last(), Some(&Action::Stop(StopReason::Diverged)));
    assert_eq!(lost.spent, 10, "five and five");
    assert!(lost.reasons.last().unwrap().contains("lower `low`"), "{:?}", lost.reasons);
    // Where a tenth of `high` is not above `low` there is no second search.
    let mut narrow = Host::new(1.0);
    narrow.fault = |_, _| Some(f64::NAN);
    assert_eq!(ran(&AutoLrs { low: 1.0, ..small() }, narrow, 200).spent, 5);
}

#[test]
fn training_that_fails_begins_again_with_the_next_best_once() {
    let mut host = Host::new(0.35);
    // Rate 1 wins and fails in the middle of its training.
    host.fault = |host, _| (host.rate > 0.5 && host.updates == 150).then_some(f64::NAN);
    let host = ran(&small(), host, 400);
    let found = stretches(&host);
    assert!((found[5].1 - 1.0).abs() < 1e-12 && found[5].2 == 151, "{found:?}");
    assert!((found[6].1 - 0.1).abs() < 1e-12, "the next best: {found:?}");
    assert_eq!((found[6].0, found[6].2), (0, 200), "from the stage's beginning");
    assert_eq!(host.said("next best rate, 0.1"), 1, "{:?}", host.reasons);
    assert!(!host.stopped && host.updates == 400);
    let mut lost = Host::new(0.35);
    lost.fault = |host, _| (host.updates == 150).then_some(f64::NAN);
    let lost = ran(&small(), lost, 400);
    assert_eq!(lost.actions.last(), Some(&Action::Stop(StopReason::Diverged)));
    assert!(lost.reasons.last().unwrap().contains("second rate of this stage"), "{:?}", lost.reasons);
}

#[test]
fn the_last_stage_takes_what_remains() {
    let host = ran(&small(), Host::new(1.0), 450);
    let found = stretches(&host);
    let last = *found.last().unwrap();
    assert_eq!((last.0, last.2), (400, 50), "{found:?}");
    assert_eq!(host.said("after 50 updates"), 5, "forecast at what remains: {:?}", host.reasons);
    let short = ran(&small(), Host::new(1.0), 415);
    let found = stretches(&short);
    assert_eq!(short.count(&Action::Save), 3);
    // No search for 15 updates; the winner of the stage before goes on.
    assert_eq!(short.spent, 415 + 2 * 100, "{found:?}");
    let winner = found[found.len() - 1];
    assert_eq!((winner.0, winner.2), (200, 215), "{found:?}");
    assert_eq!(short.said("15 updates remain, a candidate takes 20: the rate stays"), 1, "{:?}", short.reasons);
    assert_eq!(short.updates, 415);
}

#[test]
fn stages_double_as_published_and_then_look_at_validation_losses() {
    let mut controller = of(&AutoLrs { candidates: 2, ..AutoLrs::published() }, 40_000);
    let mut host = Host::new(0.1);
    host.run(&mut controller, 40_000, u64::MAX);
    let lengths: Vec<u64> = stretches(&host).chunks(3).map(|stage| stage[0].2).collect();
    assert_eq!(lengths, [100, 200, 400, 800, 800, 800, 800, 800]);
    // 1000 + 2000 + 4000 + 8000 = 15000: from the fifth stage on, 16 evaluations a candidate and one before.
    assert_eq!(host.evaluations, 4 * (2 * 16 + 1), "{:?}", host.reasons.len());
    let asked = host.count(&Action::Evaluate);
    assert_eq!(asked as u64, host.evaluations);
}

#[test]
fn an_evaluation_of_the_recipe_after_the_same_update_counts_once() {
    let spec = AutoLrs { metric: Metric::ValLoss, search: Some(Span::Steps(48)), ..small() };
    let alone = ran(&spec, Host::new(0.2), 400);
    assert_eq!(alone.evaluations, 2 * (5 * 16 + 1));
    for every in [1, 2, 3, 48] {
        let mut host = Host::new(0.2);
        host.evaluate_every = Some(every);
        let host = ran(&spec, host, 400);
        assert_eq!(host.steps, alone.steps, "{every}");
        assert_eq!(host.reasons, alone.reasons, "{every}");
    }
}

#[test]
fn a_validation_loss_that_jumps_is_not_extrapolated() {
    // Above 1 / curvature the loss of a first update may grow; what was reached in the end counts, not a curve through it.
    let spec = AutoLrs { metric: Metric::ValLoss, search: Some(Span::Steps(48)), low: 0.1, high: 21.0, ..small() };
    let jumped = ran(&spec, Host::new(0.1), 200);
    assert!(jumped.said("rate 21") >= 1, "{:?}", jumped.reasons);
    let (_, winner, _) = *stretches(&jumped).last().unwrap();
    assert!(winner < 20.0, "{winner}");
}

#[test]
fn a_validation_loss_that_is_not_finite_gives_the_candidate_up() {
    let spec = AutoLrs { metric: Metric::ValLoss, search: Some(Span::Steps(48)), ..small() };
    let mut controller = of(&spec, 400);
    assert_eq!(controller.begin().actions, [Action::Save, Action::Evaluate]);
    controller.observe(&Observation::Evaluation { updates: 0, loss: 1.0, metric: 0.0 });
    for step in 0..3 {
        controller.observe(&Observation::Step { step, loss: 1.0 });
    }
    let decision = controller.observe(&Observation::Evaluation { updates: 3, loss: f64::NAN, metric: 0.0 });
    assert_eq!(decision.actions, [Action::Restore]);
    assert!(decision.reason.unwrap().to_string().contains("validation loss was NaN"));
}

#[test]
fn a_host_that_never_evaluates_is_survived() {
    let spec = AutoLrs { metric: Metric::ValLoss, search: Some(Span::Steps(48)), ..small() };
    let mut controller = of(&spec, 400);
    controller.begin();
    let mut restored = 0;
    let mut step = 0;
    for _ in 0..2_000 {
        let decision = controller.observe(&Observation::Step { step, loss: 1.0 });
        assert!(rate(&decision) > 0.0);
        step += 1;
        if decision.actions.contains(&Action::Restore) {
            restored += 1;
            step = 0;
        }
        if decision.actions.contains(&Action::Stop(StopReason::Diverged)) {
            return;
        }
    }
    panic!("without a forecast there is no way on: {restored}");
}

#[test]
fn a_warm_up_rises_before_the_first_stage() {
    let spec = AutoLrs { warmup: Some(Span::Steps(50)), warmup_peak: Some(0.5), ..small() };
    let host = ran(&spec, Host::new(0.1), 250);
    for (step, rate, _) in &host.steps[..50] {
        assert!((rate - 0.5 * (step + 1) as f64 / 50.0).abs() < 1e-12);
    }
    assert_eq!(stretches(&host)[50].0, 50, "the search begins after it");
    // Halfway in the logarithm, if nothing is said.
    let plain = ran(&AutoLrs { warmup_peak: None, ..spec.clone() }, Host::new(0.1), 250);
    assert!((plain.steps[49].1 - 0.1).abs() < 1e-12);
    let mut failing = Host::new(0.1);
    failing.fault = |host, _| (host.spent == 30).then_some(f64::NAN);
    let failing = ran(&spec, failing, 250);
    assert_eq!(failing.actions[..2], [Action::Save, Action::Restore]);
    assert_eq!(failing.steps[31].0, 0, "back at the beginning, it searches at once");
    assert_eq!(failing.said("without warm-up"), 1, "{:?}", failing.reasons);
    assert_eq!(failing.updates, 250);
}

#[test]
fn a_cap_lets_the_rate_stay_until_a_search_is_affordable() {
    // A search is half as long as a stage: at 25 % it comes when 2 searches are at most a quarter of everything.
    let host = ran(&AutoLrs { budget_cap: Some(0.25), ..small() }, Host::new(1.0), 2_000);
    assert!(host.spent as f64 <= 2_000.0 / 0.75, "{}", host.spent);
    assert!(host.count(&Action::Restore) >= 10, "more than one search");
    assert!(host.said("% of all updates would be of searches") >= 2, "{:?}", host.reasons);
    let free = ran(&small(), Host::new(1.0), 2_000);
    assert_eq!(free.spent, 2_000 + 10 * 100);
}

#[test]
fn what_it_did_is_said_with_the_numbers() {
    let host = ran(&small(), Host::new(1.0), 200);
    assert_eq!(host.reasons[0], "stage 1 after 0 updates: 5 rates from 1e-3 to 10 are tried for 20 updates each");
    let third = &host.reasons[3];
    assert!(
        third.starts_with("candidate 3 of 5: rate 0.1, loss forecast ") && third.contains("after 200 updates"),
        "{third}"
    );
    assert!(third.contains(" +- "), "{third}");
    let last = &host.reasons[5];
    assert!(last.starts_with("candidate 5 of 5") && last.ends_with("it trains for 200 updates"), "{last}");
}

#[test]
fn forecasts_too_uncertain_to_tell_candidates_apart_give_way_to_the_last_losses() {
    let mut controller = of(&small(), 200);
    controller.begin();
    // The same noise around nearly the same level for all, but the third ends a little lower.
    let mut last = None;
    for candidate in 0..5 {
        for step in 0..20_u64 {
            let noise = 0.3 * ((step * 7_919) % 13) as f64 / 13.0;
            let lower = if candidate == 2 && step >= 18 { 0.4 } else { 0.0 };
            last = Some(controller.observe(&Observation::Step { step, loss: 1.0 + noise - lower }));
        }
    }
    let last = last.unwrap();
    let reason = last.reason.as_ref().unwrap().to_string();
    assert!(reason.contains("lowest mean of the last losses") && reason.contains("exceeds their spread"), "{reason}");
    assert!((rate(&last) - 0.1).abs() < 1e-12, "{reason}");
}

#[test]
fn a_rate_about_to_diverge_does_not_win_by_a_fall_that_its_noise_invents() {
    let mut controller = of(&small(), 200);
    controller.begin();
    let mut said = Vec::new();
    let mut last = None;
    for candidate in 0..5 {
        for step in 0..20_u64 {
            let noise = ((step * 7_919) % 13) as f64 / 13.0;
            let calm = 0.5 - 0.005 * step as f64 + 0.01 * noise;
            let wild = 3.0 + 3.0 * noise - 0.1 * step as f64;
            let loss = if candidate == 4 { wild } else { calm };
            let decision = controller.observe(&Observation::Step { step, loss });
            said.extend(decision.reason.as_ref().map(ToString::to_string));
            last = Some(decision);
        }
    }
    assert!(said[4].contains("candidate 5 of 5") && said[4].contains("which tell nothing further"), "{said:?}");
    let wild = said[4].split("rate ").nth(1).unwrap().split(',').next().unwrap().parse::<f64>().unwrap();
    assert!((rate(&last.unwrap()) - wild).abs() > 1e-3 * wild, "{said:?}");
}

#[test]
fn a_loss_told_twice_or_late_is_ignored_with_a_reason() {
    let mut controller = of(&small(), 400);
    controller.begin();
    (0..5).for_each(|step| drop(controller.observe(&Observation::Step { step, loss: 1.0 })));
    let before = controller.clone();
    for step in [4, 2, 0] {
        let decision = controller.observe(&Observation::Step { step, loss: 9.0 });
        assert!(decision.reason.unwrap().to_string().contains("that of 5 is next"));
    }
    assert_eq!(controller, before);
}

#[test]
fn state_goes_through_bytes_at_every_update() {
    let specs = [
        small(),
        AutoLrs { metric: Metric::ValLoss, search: Some(Span::Steps(48)), ..small() },
        AutoLrs { search_method: SearchMethod::GpLcb, warmup: Some(Span::Steps(30)), ..small() },
        AutoLrs { search_method: SearchMethod::Published, forecast: Forecasting::Published, ..small() },
    ];
    for spec in specs {
        let mut plain = Host::new(0.3);
        plain.fault = |host, _| (host.spent % 97 == 96).then_some(f64::NAN);
        let mut through = Host::new(0.3);
        through.fault = plain.fault;
        plain.run(&mut of(&spec, 500), 500, 3_000);
        through.run(&mut Reloading { spec: spec.clone(), held: of(&spec, 500) }, 500, 3_000);
        assert_eq!(plain.steps.len(), through.steps.len());
        assert_eq!(plain.reasons, through.reasons);
    }
}

/// A controller that goes through bytes into a fresh one at every observation.
struct Reloading {
    spec: AutoLrs,
    held: AutoLrsController,
}

impl Controller for Reloading {
    fn begin(&mut self) -> rheostat_control::Decision {
        self.held.begin()
    }

    fn observe(&mut self, seen: &Observation) -> rheostat_control::Decision {
        let mut fresh = of(&self.spec, 500);
        fresh.load(&self.held.save()).expect("loads");
        self.held = fresh;
        self.held.observe(seen)
    }

    fn save(&self) -> Vec<u8> {
        self.held.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), rheostat_control::ControlError> {
        self.held.load(bytes)
    }
}

fn any_spec() -> impl Strategy<Value = AutoLrs> {
    let methods = prop::sample::select(vec![SearchMethod::LogGrid, SearchMethod::GpLcb, SearchMethod::Published]);
    let forecasts =
        prop::sample::select(vec![Forecasting::Varpro, Forecasting::Published, Forecasting::LastWindowMean]);
    let metrics = prop::sample::select(vec![Metric::TrainLoss, Metric::ValLoss, Metric::TrainThenVal]);
    (methods, forecasts, metrics, 2_u64..6, prop::option::of(0.1..1.0), any::<bool>(), any::<bool>()).prop_map(
        |(search_method, forecast, metric, candidates, budget_cap, warm, doubles)| AutoLrs {
            search_method,
            forecast,
            metric,
            candidates,
            budget_cap,
            search: Some(Span::Steps(48)),
            train: Some(Span::Steps(60)),
            warmup: warm.then_some(Span::Steps(7)),
            doubling_up_to: doubles.then_some(Span::Steps(130)),
            ..small()
        },
    )
}

fn any_loss() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => 0.0..3.0,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e100, -1e100, 1e-320]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_observed_the_rate_is_one_of_the_range(
        spec in any_spec(),
        seen in prop::collection::vec((0_u8..8, 0_u64..400, any_loss()), 0..600),
    ) {
        let mut controller = of(&spec, 400);
        let mut rates = vec![rate(&controller.begin())];
        let mut next = 0;
        for (kind, at, loss) in seen {
            let observation = match kind {
                // Mostly in order, as a host tells it.
                0..5 => Observation::Step { step: next, loss },
                5 => Observation::Step { step: at, loss },
                6 => Observation::Evaluation { updates: next, loss, metric: loss },
                _ => Observation::Evaluation { updates: at, loss, metric: loss },
            };
            let decision = controller.observe(&observation);
            if let Observation::Step { step, loss } = observation {
                next = step + u64::from(loss.is_finite());
            }
            if decision.actions.contains(&Action::Restore) {
                next = at.min(next);
            }
            rates.push(rate(&decision));
        }
        for rate in rates {
            prop_assert!(Hyperparameter::LearningRate.check(rate).is_ok());
            // The warm-up starts lower.
            prop_assert!(rate > 0.0 && rate <= spec.high && (rate >= spec.low || spec.warmup.is_some()), "{}", rate);
        }
    }

    #[test]
    fn every_run_ends_with_the_updates_it_was_given(spec in any_spec(), curvature in 0.01..30.0_f64) {
        let mut host = Host::new(curvature);
        host.evaluate_every = Some(25);
        host.run(&mut of(&spec, 400), 400, 100_000);
        prop_assert!(host.stopped || host.updates == 400);
        prop_assert!(host.spent < 400 * 10);
    }
}
