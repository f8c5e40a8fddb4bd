//! When weights join their average, and with what share.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::{Averaging, AveragingSpec, TailAverage};
use rheostat_schedule::{Frame, Span};

fn tail(over: Span, every: u64) -> AveragingSpec {
    AveragingSpec::Tail(TailAverage { over, every: Span::Steps(every) })
}

#[test]
fn the_tail_of_a_cycle_is_a_share_of_the_cycle() {
    let found = tail(Span::percent(25.0), 1).resolve(&Frame::steps(100), &[20, 60]).unwrap();
    assert_eq!(found, Averaging::Tail { windows: vec![(16, 20), (51, 60), (91, 100)], every: 1 });
    // A run that ends at its last point has no cycle after it, and one without points is one cycle.
    let found = tail(Span::Steps(10), 2).resolve(&Frame::steps(60), &[20, 60]).unwrap();
    assert_eq!(found, Averaging::Tail { windows: vec![(11, 20), (51, 60)], every: 2 });
    let found = tail(Span::Steps(10), 2).resolve(&Frame::steps(60), &[]).unwrap();
    assert_eq!(found, Averaging::Tail { windows: vec![(51, 60)], every: 2 });
}

#[test]
fn a_tail_longer_than_its_cycle_is_refused_with_the_cycle() {
    let error = tail(Span::Steps(30), 1).resolve(&Frame::steps(100), &[50, 70]).unwrap_err();
    assert_eq!(error.field(), "over");
    assert!(error.to_string().contains("30 updates of the 20 from step 50 to 70"), "{error}");
    let epochs = tail(Span::Epochs(9.0), 1).resolve(&Frame::steps(100).steps_per_epoch(20), &[]).unwrap_err();
    assert!(epochs.to_string().contains("180 updates of the 100 from step 0 to 100"), "{epochs}");
}

proptest! {
    /// Whatever joins: at the end of a cycle the average is the plain mean of what joined in it, the end included, and outside of
    /// the windows it does not stand.
    #[test]
    fn at_the_end_of_a_cycle_the_average_is_the_mean_of_its_tail(
        gaps in prop::collection::vec(4_u64..40, 1..5), percent in 5.0_f64..100.0, every in 1_u64..6,
    ) {
        let mut end = 0;
        let ends: Vec<u64> = gaps.iter().map(|gap| { end += gap; end }).collect();
        let plan = tail(Span::percent(percent), every).resolve(&Frame::steps(end), &ends);
        prop_assume!(plan.is_ok());
        let plan = plan.unwrap();
        let Averaging::Tail { windows, .. } = plan.clone() else { panic!("another average") };
        let weight = |updates: u64| (updates as f64 * 1.7).sin();
        let (mut average, mut count) = (0.0, 0);
        let mut joined: Vec<f64> = Vec::new();
        for updates in 1..=end {
            if let Some(share) = plan.share(updates, count) {
                if share == 1.0 { joined.clear(); }
                average = (1.0 - share) * average + share * weight(updates);
                joined.push(weight(updates));
                count += 1;
                prop_assert!(plan.stands(updates));
            }
            let within = windows.iter().any(|(first, end)| (*first..=*end).contains(&updates));
            prop_assert!(within || !plan.stands(updates));
            if ends.contains(&updates) {
                let mean = joined.iter().sum::<f64>() / joined.len() as f64;
                prop_assert!(plan.stands(updates) && (average - mean).abs() < 1e-9);
            }
        }
    }
}
