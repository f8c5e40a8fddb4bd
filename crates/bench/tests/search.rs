//! Points of search spaces.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_bench::Draw;

const DRAWS: [Draw; 2] = [Draw::Halton, Draw::Sobol];

proptest! {
    #[test]
    fn every_coordinate_lies_in_the_unit_interval(index in 0_u64..70_000, dimension in 0_usize..20, seed: u64) {
        for draw in DRAWS {
            let place = draw.at(index, dimension, seed);
            prop_assert!((0.0..1.0).contains(&place), "{draw:?}: {place}");
            prop_assert_eq!(draw.at(index, dimension, seed), place);
        }
    }

    /// The first 2^k points of a Sobol coordinate and the first b^k of a Halton one have one point in each of as many intervals;
    /// Halton's random shift moves the intervals, so there each holds at most two.
    #[test]
    fn the_first_points_are_spread_evenly(dimension in 0_usize..6, seed: u64) {
        for (draw, base, most) in [(Draw::Sobol, 2_u64, 1), (Draw::Halton, [2, 3, 5, 7, 11, 13][dimension], 2)] {
            let count = base.pow(2);
            let mut boxes = vec![0; count as usize];
            for index in 0..count {
                boxes[(draw.at(index, dimension, seed) * count as f64) as usize] += 1;
            }
            prop_assert!(boxes.iter().all(|points| *points <= most), "{draw:?} in dimension {dimension}: {boxes:?}");
        }
    }
}

#[test]
fn other_seeds_give_other_points_and_other_dimensions_other_coordinates() {
    for draw in DRAWS {
        assert_ne!(draw.at(3, 0, 1), draw.at(3, 0, 2), "{draw:?}");
        assert_ne!(draw.at(3, 0, 1), draw.at(3, 1, 1), "{draw:?}");
    }
}

/// In two dimensions, where a grid of as many points leaves whole rows empty.
#[test]
fn points_fill_a_square_more_evenly_than_chance() {
    for draw in DRAWS {
        for seed in 0..5 {
            let mut boxes = [0_u32; 16];
            for index in 0..64 {
                let place = |dimension| (draw.at(index, dimension, seed) * 4.0) as usize;
                boxes[place(0) * 4 + place(1)] += 1;
            }
            // Four points a box on average; chance leaves boxes with none or nine.
            assert!(boxes.iter().all(|count| (1..=8).contains(count)), "{draw:?}: {boxes:?}");
        }
    }
}
