//! Tradeoff curves, by numbers computed by hand.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod read_outs;

use read_outs::{POINTS, curve, near, options, row, study};
use rheostat_score::{
    Absence, Clock, Dominance, Quality, ReadOutRow, ScoreError, Tradeoff, TradeoffMode, TradeoffOptions,
    geometric_cost_ratio, points_cost_ratio,
};

use TradeoffMode::{Cyclic, Standard};

fn one(rows: &[ReadOutRow]) -> Tradeoff {
    let mut all = Tradeoff::all(rows, &options()).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn the_articles_preset_costs_1_96875_times_as_much() {
    assert_eq!(points_cost_ratio(&[16.0, 32.0, 64.0, 128.0, 256.0, 512.0]), Some(1.96875));
    assert_eq!(geometric_cost_ratio(2.0, 6), Some(1.96875));
    // The article's sparse points: 30, 90 and 270 epochs are 390.
    near(points_cost_ratio(&[30.0, 90.0, 270.0]).unwrap(), 390.0 / 270.0);
    near(geometric_cost_ratio(3.0, 3).unwrap(), 390.0 / 270.0);
    // Limits of many points: 3 for r = 1.5, 2 for r = 2, 1.5 for r = 3.
    for (ratio, limit) in [(1.5, 3.0), (2.0, 2.0), (3.0, 1.5)] {
        near(geometric_cost_ratio(ratio, 400).unwrap(), limit);
    }
}

#[test]
fn what_is_no_series_of_points_has_no_ratio() {
    for points in [&[][..], &[2.0, 1.0], &[0.0, 1.0], &[-1.0], &[1.0, 1.0], &[f64::NAN], &[1.0, f64::INFINITY]] {
        assert_eq!(points_cost_ratio(points), None, "{points:?}");
    }
    for (ratio, points) in [(1.0, 3), (0.5, 3), (f64::NAN, 3), (f64::INFINITY, 3), (2.0, 0)] {
        assert_eq!(geometric_cost_ratio(ratio, points), None, "{ratio} {points}");
    }
}

#[test]
fn a_curve_is_the_mean_over_seeds_with_students_interval() {
    let rows: Vec<ReadOutRow> =
        [(1, 0.70), (2, 0.72), (3, 0.77)].map(|(seed, value)| row("a", Standard, seed, 0, 16, value)).to_vec();
    let tradeoff = one(&rows);
    let quality = tradeoff.curve("a", Standard).unwrap().points[0].quality;
    near(quality.mean, 0.73);
    // s = sqrt((0.03^2 + 0.01^2 + 0.04^2) / 2), t = 4.30265273 with two degrees of freedom.
    let half = 4.302_652_73 * (0.0026_f64 / 2.0).sqrt() / 3.0_f64.sqrt();
    assert!((quality.high.unwrap() - 0.73 - half).abs() < 1e-9);
    assert!((0.73 - quality.low.unwrap() - half).abs() < 1e-9);
    assert_eq!(quality.seeds, 3);
}

#[test]
fn one_seed_has_no_interval() {
    let tradeoff = one(&curve("a", Cyclic, 1, &[0.5, 0.6, 0.7]));
    let curve = tradeoff.curve("a", Cyclic).unwrap();
    assert!(curve.points.iter().all(|at| at.quality.interval().is_none() && at.quality.seeds == 1));
    assert!(curve.quality_at(100.0).unwrap().interval().is_none());
    assert!(curve.cost_to_reach(0.65).cost.unwrap().interval().is_none());
}

#[test]
fn between_points_quality_is_linear_in_the_logarithm_of_cost_and_beyond_them_nothing() {
    let tradeoff = one(&curve("a", Cyclic, 1, &[0.5, 0.6, 0.8]));
    let curve = tradeoff.curve("a", Cyclic).unwrap();
    // Points at 16, 64 and 256 updates.
    assert_eq!(curve.range(), Some((16.0, 256.0)));
    near(curve.quality_at(32.0).unwrap().mean, 0.55);
    near(curve.quality_at(128.0).unwrap().mean, 0.7);
    assert_eq!(curve.quality_at(64.0).unwrap().mean, 0.6);
    for outside in [15.9, 256.1, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(curve.quality_at(outside).is_none(), "{outside}");
    }
    near(curve.cost_to_reach(0.55).cost.unwrap().mean, 32.0);
    near(curve.cost_to_reach(0.7).cost.unwrap().mean, 128.0);
    assert_eq!(curve.cost_to_reach(0.81).cost, None);
    assert_eq!(curve.cost_to_reach(f64::NAN).reached(), 0);
}

#[test]
fn a_quality_is_reached_at_the_first_crossing_and_at_the_first_point_at_most() {
    // It overfits after the second point.
    let tradeoff = one(&curve("a", Standard, 1, &[0.5, 0.7, 0.6]));
    let curve = tradeoff.curve("a", Standard).unwrap();
    let reach = curve.cost_to_reach(0.6);
    near(reach.cost.unwrap().mean, 32.0);
    assert!(!reach.is_upper_bound());
    let reach = curve.cost_to_reach(0.4);
    near(reach.cost.unwrap().mean, 16.0);
    assert!(reach.is_upper_bound());
}

#[test]
fn a_seed_that_never_reaches_a_quality_is_counted_and_takes_the_mean_away() {
    let rows = [curve("a", Cyclic, 1, &[0.5, 0.6, 0.8]), curve("a", Cyclic, 2, &[0.5, 0.6, 0.7])].concat();
    let tradeoff = one(&rows);
    let curve = tradeoff.curve("a", Cyclic).unwrap();
    let reach = curve.cost_to_reach(0.75);
    assert_eq!((reach.reached(), reach.seeds.len(), reach.cost), (1, 2, None));
    // Of both: 64 * 4^(1/4) and 64 * 4^(1/2), whose geometric mean is 64 * 4^(3/8).
    near(curve.cost_to_reach(0.65).cost.unwrap().mean, 64.0 * 4.0_f64.powf(0.375));
}

#[test]
fn of_a_loss_less_is_better() {
    let down = |submission: &str, mode, values: &[f64]| -> Vec<ReadOutRow> {
        let loss = |row: ReadOutRow| ReadOutRow { metric: "loss".into(), direction: "decreasing".into(), ..row };
        curve(submission, mode, 1, values).into_iter().map(loss).collect()
    };
    let tradeoff = one(&[down("a", Standard, &[3.0, 2.0, 1.0]), down("b", Standard, &[4.0, 2.5, 1.5])].concat());
    let curve = tradeoff.curve("a", Standard).unwrap();
    near(curve.cost_to_reach(2.5).cost.unwrap().mean, 32.0);
    assert_eq!(curve.cost_to_reach(0.5).reached(), 0);
    assert_eq!(tradeoff.dominance("a", "b", Standard), Some(Dominance::Strict));
    assert_eq!(tradeoff.dominance("b", "a", Standard), Some(Dominance::None));
    assert!(tradeoff.frontier.iter().all(|point| point.submission == "a"));
    assert_eq!(tradeoff.frontier.len(), 3);
}

#[test]
fn a_point_without_a_value_is_a_named_gap_that_nothing_is_drawn_across() {
    let mut rows = curve("a", Cyclic, 1, &[0.5, 0.6, 0.8]);
    rows[1].end_metric = None;
    let tradeoff = one(&rows);
    let own = tradeoff.curve("a", Cyclic).unwrap();
    assert_eq!(own.points.len(), 2);
    assert!(own.quality_at(32.0).is_none() && own.quality_at(64.0).is_none() && own.quality_at(128.0).is_none());
    // Somewhere after the first point: by the third at most.
    let reach = own.cost_to_reach(0.6);
    assert_eq!((reach.seeds[0].cost, reach.is_upper_bound()), (Some(256.0), true));
    let gap = tradeoff.missing.iter().find(|missing| missing.mode == Cyclic).unwrap();
    assert_eq!((gap.point, gap.step, gap.absence), (1, 64, Absence::Quality));
    rows[1] = ReadOutRow { end_metric: Some(0.6), spent: 0, ..rows[1].clone() };
    assert!(one(&rows).missing.iter().any(|missing| missing.absence == Absence::Cost && missing.point == 1));
    rows[1].end_metric = Some(f64::NAN);
    assert!(one(&rows).missing.iter().any(|missing| missing.absence == Absence::Quality && missing.point == 1));
}

#[test]
fn the_clock_says_what_cost_is() {
    let rows = [ReadOutRow { spent: 20, forwards: 30, backwards: 12, train_s: 4.5, ..row("a", Cyclic, 1, 0, 16, 0.5) }];
    for (clock, cost) in [(Clock::Steps, 20.0), (Clock::Passes, 42.0), (Clock::Seconds, 4.5)] {
        let all = Tradeoff::all(&rows, &TradeoffOptions { clock, ..options() }).unwrap();
        assert_eq!(all[0].curve("a", Cyclic).unwrap().points[0].cost, cost);
    }
}

#[test]
fn the_quality_is_the_end_the_best_or_the_test() {
    let rows = [ReadOutRow { best_metric: Some(0.7), test_metric: Some(0.4), ..row("a", Cyclic, 1, 0, 16, 0.5) }];
    for (name, expected) in [("end", 0.5), ("best", 0.7), ("test", 0.4)] {
        let quality = Quality::named(name).unwrap();
        let all = Tradeoff::all(&rows, &TradeoffOptions { quality, ..options() }).unwrap();
        assert_eq!(all[0].curve("a", Cyclic).unwrap().points[0].quality.mean, expected);
    }
    assert!(matches!(Quality::named("tests"), Err(ScoreError::Unknown { what: "quality", .. })));
}

#[test]
fn the_frontier_is_what_nothing_cheaper_is_as_good_as() {
    let rows = [
        curve("early", Standard, 1, &[0.7, 0.72, 0.71]),
        curve("late", Standard, 1, &[0.5, 0.72, 0.9]),
        curve("early", Cyclic, 1, &[0.1, 0.2, 0.3]),
    ];
    let tradeoff = one(&rows.concat());
    let told = |mode: TradeoffMode| -> Vec<(String, u64)> {
        let own = tradeoff.frontier.iter().filter(|point| point.mode == mode);
        own.map(|point| (point.submission.clone(), point.point)).collect()
    };
    // At 64 updates both are as good, and the first stands for both; 0.71 costs more than 0.72.
    assert_eq!(told(Standard), [("early".into(), 0), ("early".into(), 1), ("late".into(), 2)]);
    assert_eq!(told(Cyclic).len(), 3);
    assert!(tradeoff.dominated.is_empty());
}

#[test]
fn a_curve_dominates_strictly_weakly_or_not_at_all() {
    let dominance = |a: &[f64], b: &[f64]| {
        one(&[curve("a", Cyclic, 1, a), curve("b", Cyclic, 1, b)].concat()).dominance("a", "b", Cyclic)
    };
    assert_eq!(dominance(&[0.5, 0.6], &[0.4, 0.5]), Some(Dominance::Strict));
    assert_eq!(dominance(&[0.5, 0.6], &[0.5, 0.5]), Some(Dominance::Weak));
    assert_eq!(dominance(&[0.5, 0.6], &[0.5, 0.6]), Some(Dominance::None));
    assert_eq!(dominance(&[0.5, 0.6], &[0.6, 0.5]), Some(Dominance::None));
    // By cost, not by point: b is as good only for more.
    let dear = |row: ReadOutRow| ReadOutRow { spent: row.spent * 2, ..row };
    let rows: Vec<ReadOutRow> = curve("a", Standard, 1, &[0.5, 0.6])
        .into_iter()
        .chain(curve("b", Standard, 1, &[0.5, 0.6]).into_iter().map(dear))
        .collect();
    let tradeoff = one(&rows);
    assert_eq!(tradeoff.dominance("a", "b", Standard), Some(Dominance::Strict));
    let pair = &tradeoff.dominated[0];
    assert_eq!((pair.better.as_str(), pair.from, pair.to), ("a", 32.0, 64.0));
}

#[test]
fn differences_are_paired_by_seed() {
    // Seeds differ by much, submissions by 0.01: only pairs show it. Seed 3 is of one submission only.
    let rows = [
        curve("a", Standard, 1, &[0.50, 0.60]),
        curve("a", Standard, 2, &[0.70, 0.80]),
        curve("b", Standard, 1, &[0.51, 0.61]),
        curve("b", Standard, 2, &[0.71, 0.81]),
        curve("b", Standard, 3, &[0.91, 0.95]),
    ];
    let tradeoff = one(&rows.concat());
    assert_eq!(tradeoff.baseline.as_deref(), Some("a"));
    let difference = &tradeoff.differences[0];
    assert_eq!((difference.submission.as_str(), difference.mode), ("b", Standard));
    for estimate in difference.difference.points.iter().map(|at| at.difference).chain(difference.difference.mean) {
        near(estimate.mean, 0.01);
        assert_eq!(estimate.seeds, 2);
        assert_eq!(estimate.is_settled(), Some(true));
    }
}

#[test]
fn an_average_is_of_the_seeds_that_have_every_point() {
    let mut rows = [
        curve("a", Standard, 1, &[0.5, 0.6]),
        curve("a", Cyclic, 1, &[0.4, 0.4]),
        curve("a", Standard, 2, &[0.5, 0.6]),
    ]
    .concat();
    rows.push(row("a", Cyclic, 2, 0, 16, 0.3));
    let tradeoff = one(&rows);
    let gap = &tradeoff.gaps[0].difference;
    near(gap.points[0].difference.mean, -0.15);
    near(gap.points[1].difference.mean, -0.2);
    let mean = gap.mean.unwrap();
    near(mean.mean, -0.15);
    assert_eq!(mean.seeds, 1);
}

#[test]
fn improvements_alike_in_both_modes_have_a_cosine_similarity_of_one() {
    let rows = |third: f64| {
        [
            curve("a", Standard, 1, &[0.5, 0.6, 0.7]),
            curve("a", Cyclic, 1, &[0.4, 0.5, 0.6]),
            curve("b", Standard, 1, &[0.6, 0.6, 0.8]),
            curve("b", Cyclic, 1, &[0.6, 0.5, third]),
        ]
        .concat()
    };
    let similarity = |third: f64| one(&rows(third)).similarities.remove(0);
    // (0.1, 0, 0.1) and (0.2, 0, 0.2); then (0.2, 0, -0.2), and (0.2, 0, 0).
    near(similarity(0.8).cosine.unwrap(), 1.0);
    assert!(similarity(0.4).cosine.unwrap().abs() < 1e-9);
    near(similarity(0.6).cosine.unwrap(), 0.5_f64.sqrt());
    assert_eq!(similarity(0.6).points, 3);
    let same = [curve("a", Standard, 1, &[0.5, 0.6]), curve("b", Standard, 1, &[0.5, 0.6])].concat();
    let cyclic = [curve("a", Cyclic, 1, &[0.5, 0.6]), curve("b", Cyclic, 1, &[0.6, 0.6])].concat();
    let tradeoff = one(&[same, cyclic.clone()].concat());
    assert_eq!(tradeoff.similarities[0].cosine, None, "an improvement of zero has no direction");
    assert!(one(&cyclic).similarities.is_empty());
}

#[test]
fn a_cost_ratio_is_of_whole_seeds_only() {
    let mut rows = study(&["a"], &[1, 2]);
    let whole = one(&rows);
    assert_eq!(whole.cost_ratio, Some(336.0 / 256.0));
    assert_eq!(whole.cost_ratio_closed_form, Some(336.0 / 256.0));
    assert_eq!(whole.costs[0].cyclic, Some(512.0));
    assert!(whole.missing.is_empty());
    // Without a standard run of seed 2, its cyclic run does not count either.
    rows.retain(|row| !(row.seed == 2 && row.mode == Standard && row.point == 1));
    let part = one(&rows);
    assert_eq!(part.cost_ratio, Some(336.0 / 256.0));
    assert_eq!((part.costs[0].cyclic, part.costs[0].standard), (Some(256.0), Some(336.0)));
    assert_eq!((part.costs[0].seeds[1].cyclic, part.costs[0].seeds[1].standard), (Some(256.0), None));
    rows.retain(|row| row.mode == Cyclic);
    let cyclic = one(&rows);
    assert_eq!((cyclic.cost_ratio, cyclic.costs[0].ratio), (None, None));
    assert_eq!(cyclic.cost_ratio_closed_form, Some(336.0 / 256.0));
}

#[test]
fn while_the_last_point_is_not_known_there_is_no_ratio() {
    let mut rows = study(&["a"], &[1]);
    rows.retain(|row| row.point < 2);
    let tradeoff = one(&rows);
    // The cyclic run's budget says that there is more to come.
    assert_eq!((tradeoff.cost_ratio, tradeoff.cost_ratio_closed_form), (None, None));
    assert_eq!(tradeoff.costs[0].seeds[0].cyclic, None);
}

#[test]
fn a_run_that_diverged_still_cost_what_it_cost() {
    let mut rows = study(&["a"], &[1]);
    rows.iter_mut().filter(|row| row.mode == Standard && row.point == 2).for_each(|row| row.end_metric = None);
    assert_eq!(one(&rows).cost_ratio, Some(336.0 / 256.0));
}

#[test]
fn several_submissions_share_one_ratio_and_each_has_its_own() {
    let mut rows = study(&["a", "b"], &[1]);
    // b takes updates back: its standard runs spend a quarter more.
    rows.iter_mut()
        .filter(|row| row.submission == "b" && row.mode == Standard)
        .for_each(|row| row.spent += row.spent / 4);
    let tradeoff = one(&rows);
    assert_eq!(tradeoff.costs[1].ratio, Some(420.0 / 256.0));
    assert_eq!(tradeoff.cost_ratio, Some((336.0 + 420.0) / 512.0));
    assert_eq!(tradeoff.cost_ratio_closed_form, Some(336.0 / 256.0));
}

#[test]
fn workloads_never_mix() {
    let other = |row: ReadOutRow| ReadOutRow { workload: "other".into(), metric: "loss".into(), ..row };
    let rows: Vec<ReadOutRow> = study(&["a"], &[1])
        .into_iter()
        .chain(
            study(&["a"], &[1]).into_iter().map(other).map(|row| ReadOutRow { direction: "decreasing".into(), ..row }),
        )
        .collect();
    let all = Tradeoff::all(&rows, &options()).unwrap();
    assert_eq!(all.iter().map(|one| one.workload.as_str()).collect::<Vec<_>>(), ["digits", "other"]);
    assert_eq!(all[0].curves.len(), 2);
}

#[test]
fn what_makes_no_sense_is_an_error_that_says_where() {
    let rows = study(&["sgd", "adamw"], &[1]);
    let error = |rows: &[ReadOutRow], options: &TradeoffOptions| Tradeoff::all(rows, options).unwrap_err().to_string();
    assert_eq!(error(&[], &options()), "there is no read-out");
    let unknown = TradeoffOptions { baseline: Some("adamv".into()), ..options() };
    assert!(error(&rows, &unknown).contains("adamw"), "{}", error(&rows, &unknown));
    for confidence in [0.0, 1.0, -1.0, f64::NAN] {
        let options = TradeoffOptions { confidence, ..options() };
        assert_eq!(Tradeoff::all(&rows, &options), Err(ScoreError::Confidence(confidence.to_string())));
    }
    let changed = |change: fn(&mut ReadOutRow)| {
        let mut rows = rows.clone();
        change(rows.last_mut().unwrap());
        error(&rows, &options())
    };
    assert_eq!(
        changed(|row| row.direction = "decreasing".into()),
        "the workload \"digits\" is measured by accuracy (increasing) and by accuracy (decreasing); curves of both do not compare"
    );
    assert_eq!(changed(|row| row.step = 7), "point 2 of \"adamw\" on \"digits\" is at 256 and at 7 updates");
    let twice = [rows.clone(), rows[..1].to_vec()].concat();
    assert_eq!(error(&twice, &options()), "\"sgd\" on \"digits\" has two cyclic read-outs of seed 1 at 16 updates");
    let mut first = rows;
    first[0].direction = "up".into();
    assert!(matches!(Tradeoff::all(&first, &options()), Err(ScoreError::Direction { .. })));
}

#[test]
fn a_baseline_that_a_workload_lacks_leaves_it_without_differences() {
    let mut rows = study(&["a", "b"], &[1]);
    rows.extend(study(&["b", "c"], &[1]).into_iter().map(|row| ReadOutRow { workload: "other".into(), ..row }));
    let all = Tradeoff::all(&rows, &TradeoffOptions { baseline: Some("a".into()), ..options() }).unwrap();
    assert_eq!(all[0].differences.len(), 2);
    assert_eq!((&all[1].baseline, all[1].differences.len()), (&None, 0));
}

/// A study as it grows: what is there is told, and what is not is named.
#[test]
fn a_study_that_grows_says_at_every_moment_what_it_knows() {
    let mut all = study(&["baseline", "mixup"], &[1, 2, 3]);
    for row in &mut all {
        let shift = row.seed as f64 * 0.01;
        let gain = if row.submission == "mixup" { [-0.02, 0.0, 0.03][row.point as usize] } else { 0.0 };
        let gap = if row.mode == Cyclic { -0.001 * (row.seed as f64) } else { 0.0 };
        row.end_metric = Some([0.70, 0.75, 0.78][row.point as usize] + shift + gain + gap);
    }
    // First come the cyclic runs of the first seed.
    let first: Vec<ReadOutRow> = all.iter().filter(|row| row.mode == Cyclic && row.seed == 1).cloned().collect();
    let tradeoff = one(&first);
    assert_eq!((tradeoff.curves.len(), tradeoff.gaps.len(), tradeoff.similarities.len()), (2, 0, 0));
    assert_eq!(tradeoff.differences.len(), 1);
    assert_eq!(tradeoff.cost_ratio, None);
    near(tradeoff.cost_ratio_closed_form.unwrap(), 1.3125);
    assert_eq!(tradeoff.missing.len(), 2 * POINTS.len());
    assert!(tradeoff.missing.iter().all(|missing| missing.mode == Standard && missing.absence == Absence::ReadOut));
    // Then everything.
    let tradeoff = one(&all);
    assert!(tradeoff.missing.is_empty());
    let frontier: Vec<&str> =
        tradeoff.frontier.iter().filter(|at| at.mode == Standard).map(|at| at.submission.as_str()).collect();
    assert_eq!(frontier, ["baseline", "baseline", "mixup"]);
    for gap in &tradeoff.gaps {
        let mean = gap.difference.mean.unwrap();
        near(mean.mean, -0.002);
        // -0.001, -0.002, -0.003: s = 0.001, and the interval of three seeds holds 0.
        assert!((mean.high.unwrap() - (-0.002 + 4.302_652_73 * 0.001 / 3.0_f64.sqrt())).abs() < 1e-9);
        assert_eq!(mean.is_settled(), Some(false));
    }
    near(tradeoff.similarities[0].cosine.unwrap(), 1.0);
    assert_eq!(tradeoff.similarities[0].points, 3);
    let mixup = tradeoff.curve("mixup", Standard).unwrap();
    let reach = mixup.cost_to_reach(0.8);
    assert_eq!((reach.reached(), reach.is_upper_bound()), (3, false));
    assert!(reach.cost.unwrap().interval().is_some_and(|(low, high)| low < reach.cost.unwrap().mean && 64.0 < high));
}
