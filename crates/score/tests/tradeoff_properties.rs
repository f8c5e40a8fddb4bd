//! Properties of tradeoff curves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod read_outs;

use proptest::prelude::*;
use read_outs::{options, row};
use rheostat_score::{
    Clock, Dominance, ReadOutRow, Tradeoff, TradeoffMode, TradeoffOptions, geometric_cost_ratio, points_cost_ratio,
};

/// Three submissions with three seeds in both modes at four points; one in eight read-outs is not there, and one in eight has no
/// number.
fn rows() -> impl Strategy<Value = Vec<ReadOutRow>> {
    let quality =
        prop_oneof![6 => (0.0..1.0_f64).prop_map(|value| Some(Some(value))), 1 => Just(Some(None)), 1 => Just(None)];
    prop::collection::vec(quality, 3 * 3 * 2 * 4).prop_map(|qualities| {
        let at = |(index, quality): (usize, Option<Option<f64>>)| {
            let mode = TradeoffMode::ALL[index / 4 % 2];
            let (point, seed) = (index as u64 % 4, index as u64 / 8 % 3);
            let submission = ["a", "b", "c"][index / 24];
            let row = row(submission, mode, seed, point, 10 << (2 * point), 0.0);
            quality.map(|end_metric| ReadOutRow { end_metric, ..row })
        };
        qualities.into_iter().enumerate().filter_map(at).collect()
    })
}

fn tradeoff(rows: &[ReadOutRow]) -> Option<Tradeoff> {
    Tradeoff::all(rows, &TradeoffOptions { baseline: None, ..options() }).ok().map(|mut all| all.remove(0))
}

/// As a loss whose fall is the accuracy's rise.
fn flipped(rows: &[ReadOutRow]) -> Vec<ReadOutRow> {
    let flip = |row: &ReadOutRow| ReadOutRow {
        direction: "decreasing".into(),
        end_metric: row.end_metric.map(|value| -value),
        ..row.clone()
    };
    rows.iter().map(flip).collect()
}

proptest! {
    #[test]
    fn the_closed_form_is_the_sum_over_the_last_point(a in 0.001..1e6_f64, r in 1.0001..50.0_f64, n in 1u32..40) {
        let points: Vec<f64> = (1..=n).map(|i| a * r.powi(i as i32)).collect();
        let (sum, closed) = (points_cost_ratio(&points).unwrap(), geometric_cost_ratio(r, n).unwrap());
        prop_assert!((sum / closed - 1.0).abs() < 1e-10, "{sum} {closed}");
        prop_assert!(closed >= 1.0 - 1e-12 && closed <= r / (r - 1.0) * (1.0 + 1e-12));
    }

    #[test]
    fn with_points_close_together_the_ratio_nears_their_number(n in 1u32..1000) {
        prop_assert!((geometric_cost_ratio(1.0 + 1e-12, n).unwrap() / f64::from(n) - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_cost_to_reach_a_quality_has_that_quality(rows in rows(), quality in 0.0..1.0_f64) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        for curve in &tradeoff.curves {
            let reach = curve.cost_to_reach(quality);
            prop_assert_eq!(reach.seeds.len(), curve.seeds.len());
            prop_assert_eq!(reach.cost.is_some(), reach.reached() == curve.seeds.len());
            for seed in &reach.seeds {
                let own: Vec<ReadOutRow> = rows.iter().filter(|row| row.seed == seed.seed).cloned().collect();
                let alone = Tradeoff::all(&own, &options()).unwrap().remove(0);
                let alone = alone.curve(&curve.submission, curve.mode).unwrap();
                match seed.cost {
                    // Where it is no bound, the quality there is the one asked for.
                    Some(cost) => {
                        let there = alone.quality_at(cost).map(|there| there.mean);
                        let near = there.is_none_or(|there| (there - quality).abs() < 1e-9);
                        prop_assert!(seed.upper_bound || near, "{there:?} {quality}");
                        prop_assert!(!seed.upper_bound || there.unwrap() >= quality);
                    }
                    None => prop_assert!(alone.points.iter().all(|at| at.quality.mean < quality)),
                }
            }
        }
    }

    #[test]
    fn an_interpolated_quality_lies_between_its_neighbours(rows in rows(), share in 0.0..1.0_f64) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        for curve in &tradeoff.curves {
            let (low, high) = curve.range().unwrap();
            let cost = low * (high / low).powf(share);
            let readings = || curve.seeds.iter().flat_map(|seed| &seed.readings).map(|reading| reading.quality);
            if let Some(quality) = curve.quality_at(cost) {
                prop_assert!(quality.mean >= readings().fold(1.0, f64::min) - 1e-12);
                prop_assert!(quality.mean <= readings().fold(0.0, f64::max) + 1e-12);
            }
            prop_assert!(curve.quality_at(high * 1.000_001).is_none());
            prop_assert!(curve.quality_at(low * 0.999_999).is_none());
        }
    }

    #[test]
    fn nothing_beats_the_frontier_and_every_curve_point_is_on_it_or_beaten(rows in rows()) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        for mode in TradeoffMode::ALL {
            let frontier: Vec<_> = tradeoff.frontier.iter().filter(|point| point.mode == mode).collect();
            prop_assert!(frontier.windows(2).all(|pair| pair[0].cost < pair[1].cost && pair[0].quality < pair[1].quality));
            for curve in tradeoff.curves.iter().filter(|curve| curve.mode == mode) {
                for at in &curve.points {
                    let met = frontier.iter().any(|point| point.cost <= at.cost && point.quality >= at.quality.mean);
                    prop_assert!(met, "{at:?}");
                }
            }
        }
    }

    #[test]
    fn of_two_curves_at_most_one_dominates(rows in rows()) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        for mode in TradeoffMode::ALL {
            for (a, b) in [("a", "b"), ("b", "c"), ("a", "c")] {
                let (one, other) = (tradeoff.dominance(a, b, mode), tradeoff.dominance(b, a, mode));
                prop_assert_eq!(one.is_some(), other.is_some());
                prop_assert!(one.is_none() || one == Some(Dominance::None) || other == Some(Dominance::None));
            }
        }
    }

    #[test]
    fn a_metric_turned_round_says_the_same(rows in rows()) {
        let (Some(up), Some(down)) = (tradeoff(&rows), tradeoff(&flipped(&rows))) else { return Ok(()) };
        let frontier = |tradeoff: &Tradeoff| -> Vec<_> {
            tradeoff.frontier.iter().map(|point| (point.mode, point.submission.clone(), point.point)).collect()
        };
        let dominated = |tradeoff: &Tradeoff| -> Vec<_> {
            tradeoff.dominated.iter().map(|pair| (pair.mode, pair.better.clone(), pair.worse.clone(), pair.dominance)).collect()
        };
        prop_assert_eq!(frontier(&up), frontier(&down));
        prop_assert_eq!(dominated(&up), dominated(&down));
        prop_assert_eq!(up.similarities, down.similarities);
        prop_assert_eq!(up.missing, down.missing);
    }

    #[test]
    fn swapped_submissions_have_the_opposite_difference(rows in rows()) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        for mode in TradeoffMode::ALL {
            let (one, other) = (tradeoff.difference("a", "b", mode), tradeoff.difference("b", "a", mode));
            prop_assert_eq!(one.is_some(), other.is_some());
            let Some((one, other)) = one.zip(other) else { continue };
            prop_assert_eq!(one.difference.points.len(), other.difference.points.len());
            for (a, b) in one.difference.points.iter().zip(&other.difference.points) {
                prop_assert!((a.difference.mean + b.difference.mean).abs() < 1e-12);
                prop_assert_eq!(a.difference.seeds, b.difference.seeds);
            }
        }
    }

    #[test]
    fn every_cell_has_a_value_or_is_named_as_missing(rows in rows()) {
        let Some(tradeoff) = tradeoff(&rows) else { return Ok(()) };
        let values: usize = tradeoff.curves.iter().flat_map(|curve| &curve.seeds).map(|seed| seed.readings.len()).sum();
        let distinct = |of: &dyn Fn(&ReadOutRow) -> u64| {
            rows.iter().map(of).collect::<std::collections::BTreeSet<_>>().len()
        };
        let cells = tradeoff.submissions.len() * 2 * distinct(&|row| row.seed) * distinct(&|row| row.point);
        prop_assert_eq!(values + tradeoff.missing.len(), cells);
    }

    #[test]
    fn another_unit_of_time_changes_costs_and_nothing_else(rows in rows(), unit in 1e-3..1e3_f64) {
        let seconds = TradeoffOptions { clock: Clock::Seconds, ..options() };
        let other: Vec<ReadOutRow> =
            rows.iter().map(|row| ReadOutRow { train_s: row.train_s * unit, ..row.clone() }).collect();
        let (Ok(mut one), Ok(mut scaled)) = (Tradeoff::all(&rows, &seconds), Tradeoff::all(&other, &seconds)) else {
            return Ok(());
        };
        let (one, scaled) = (one.remove(0), scaled.remove(0));
        prop_assert_eq!(one.gaps, scaled.gaps);
        for (a, b) in one.curves.iter().zip(&scaled.curves) {
            let cost = a.cost_to_reach(0.5).cost.zip(b.cost_to_reach(0.5).cost);
            prop_assert!(cost.is_none_or(|(a, b)| (b.mean / a.mean / unit - 1.0).abs() < 1e-9));
        }
    }
}
