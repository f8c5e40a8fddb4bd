//! Line searches from recipes: the step is what was found, everything is billed, and a run that was cut goes on to the same bits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{assert_resumes, folder, losses, rates, recipe, run};
use rheostat_record::{Cost, Event, Run, RunResult, Status};

/// Every search of a run: update, outcome, step size, trials, probes.
fn searches(run: &Run) -> Vec<(u64, String, f64, u64, u64)> {
    let search = |event: &Event| match event {
        Event::Search { step, outcome, step_size, trials, probes, .. } => {
            Some((*step, outcome.clone(), *step_size, *trials, *probes))
        }
        _ => None,
    };
    run.events.iter().filter_map(search).collect()
}

/// How fast the loss was expected to fall in each update, and how long its gradient was before clipping.
fn slopes(run: &Run) -> Vec<(f64, f64)> {
    let decrease = |event: &Event| match event {
        Event::Search { decrease, .. } => Some(*decrease),
        _ => None,
    };
    let norm = |event: &Event| match event {
        Event::Step { gradient_norm, .. } => Some(*gradient_norm),
        _ => None,
    };
    run.events.iter().filter_map(decrease).zip(run.events.iter().filter_map(norm)).collect()
}

/// What training had cost by an evaluation.
fn cost(event: &Event) -> Option<Cost> {
    match event {
        Event::Evaluation { cost, .. } => *cost,
        _ => None,
    }
}

fn rate(run: &Run, at: u64, name: &str) -> f64 {
    let rate = |event: &Event| match event {
        Event::Step { step, hyperparameters, .. } if *step == at => hyperparameters.get(name).copied(),
        _ => None,
    };
    run.events.iter().find_map(rate).unwrap()
}

#[test]
fn every_search_resumes_to_the_same_bits() {
    for (optimizer, search) in [
        ("sgd", "method = \"sls\""),
        ("heavy_ball", "method = \"sls\"\ncriterion = \"goldstein\""),
        ("adam", "method = \"adam_sls\""),
        ("adamw", "method = \"alsals\"\nwarmup = \"10 steps\""),
        ("adam", "method = \"alsals\"\nascent = \"drop_momentum\"\nslope = \"finite_difference\""),
        ("adamp", "method = \"salsa\""),
        ("lamb", "method = \"alsals\""),
        ("adam", "method = \"best_step\"\npoints = 5"),
    ] {
        let text = format!("[optimizer]\nmethod = \"{optimizer}\"\n[learning_rate]\n{search}\n");
        let (outcome, run) = assert_resumes(&recipe(&text), &[1, 13, 40], |_| ());
        assert_eq!(outcome.result.status, Status::Finished, "{search}");
        let searches = searches(&run);
        assert_eq!(searches.len() as u64, outcome.result.steps_kept, "{search}");
        let (trials, probes): (u64, u64) =
            searches.iter().fold((0, 0), |sum, search| (sum.0 + search.3, sum.1 + search.4));
        assert_eq!(outcome.result.forwards, outcome.result.backwards + trials + probes, "{search}: all are billed");
        let costs: Vec<Cost> = run.events.iter().filter_map(cost).collect();
        let Cost { spent, forwards, backwards } = *costs.last().unwrap();
        let RunResult { steps_spent, .. } = outcome.result;
        assert_eq!((spent, forwards, backwards), (steps_spent, outcome.result.forwards, outcome.result.backwards));
        assert!(costs.is_sorted_by(|one, other| one.spent < other.spent && one.forwards < other.forwards), "{search}");
        assert!(probes >= 1, "{search}: the first search sees whether its loss repeats");
        for (step, outcome, size, ..) in &searches {
            assert_eq!(rate(&run, *step, "learning_rate"), *size, "{search}: {outcome}");
        }
    }
}

#[test]
fn a_group_takes_its_share_of_every_step() {
    let text = "[optimizer]\nmethod = \"adam\"\n[learning_rate]\nmethod = \"alsals\"\n[[group]]\npath = \"^head\"\n\
                rate_factor = 0.25\n[[group]]\npath = \"^first\"\nrate_factor = 0.0\n";
    let (_, run) = assert_resumes(&recipe(text), &[20], |_| ());
    for step in [0, 30, 60] {
        let whole = rate(&run, step, "learning_rate");
        assert_eq!(rate(&run, step, "group.1.learning_rate"), 0.25 * whole);
        assert_eq!(rate(&run, step, "group.2.learning_rate"), 0.0);
    }
}

#[test]
fn a_batch_in_parts_is_searched_in_parts() {
    let search = "[optimizer]\nmethod = \"adam\"\n[learning_rate]\nmethod = \"alsals\"\n";
    let (whole, parts) = (folder(), folder());
    let (one, whole) = run(&recipe(search), whole.path());
    let (four, parts) = run(&recipe(&format!("accumulate = 4\n{search}")), parts.path());
    assert_eq!(four.result.backwards, 4 * one.result.backwards);
    let losses = |run: &Run| losses(run).into_iter().map(|(_, bits)| f64::from_bits(bits)).collect::<Vec<_>>();
    for (one, four) in losses(&whole).into_iter().zip(losses(&parts)).take(20) {
        assert!((one - four).abs() <= 1e-3 * one, "{one} in one part, {four} in four");
    }
}

#[test]
fn a_fixed_warm_up_is_the_schedule_of_that_name() {
    let budget = "budget = \"21 steps\"\n[optimizer]\nmethod = \"adamw\"\n[learning_rate]\n";
    let search = recipe(&format!("{budget}method = \"alsals\"\nwarmup = \"20 steps\"\ninitial = 1e-2\n"));
    let schedule = recipe(&format!("{budget}method = \"constant\"\nvalue = 1e-2\nwarmup = \"20 steps\"\n"));
    let (one, two) = (folder(), folder());
    let (_, one) = run(&search, one.path());
    let (_, two) = run(&schedule, two.path());
    // The last update is searched, and its loss is that of the weights before.
    assert_eq!(losses(&one), losses(&two));
    for (found, planned) in rates(&one).iter().zip(&rates(&two)).take(20) {
        assert!((found - planned).abs() <= 1e-15, "{found} instead of {planned}");
    }
}

#[test]
fn clipping_changes_the_direction_and_not_what_the_loss_is_expected_to_do() {
    let text = "clip_norm = 0.1\n[optimizer]\nmethod = \"sgd\"\n[learning_rate]\nmethod = \"sls\"\n";
    let (outcome, run) = assert_resumes(&recipe(text), &[10], |_| ());
    assert_eq!(outcome.result.status, Status::Finished);
    assert!(searches(&run).iter().all(|(_, outcome, ..)| outcome == "satisfied"), "{:?}", searches(&run));
    let slopes = slopes(&run);
    assert!(slopes.iter().any(|(_, norm)| *norm > 0.2), "gradients are clipped to half and less: {slopes:?}");
    for (decrease, norm) in slopes {
        // The direction is 0.1 long where it was clipped; what falls along it is the loss, whose gradient was not.
        let expected = norm * norm.min(0.1);
        assert!((decrease - expected).abs() <= 1e-4 * expected, "{decrease} at a gradient norm of {norm}");
    }
}

#[test]
fn a_search_that_finds_no_step_ends_the_run_as_diverged_and_says_why() {
    // Nothing falls by 99 % of its slope times a step that may be halved once.
    let text = "[optimizer]\nmethod = \"adam\"\n[learning_rate]\nmethod = \"alsals\"\nc = 0.99\nbacktrack = 0.99\n\
                max_backtracks = 1\ninitial = 10.0\nsmoothing = 0.0\n";
    let place = folder();
    let (outcome, run) = run(&recipe(text), place.path());
    assert_eq!(outcome.result.status, Status::Diverged);
    let said = run.events.iter().find_map(|event| match event {
        Event::Decision { decision, reason, .. } if decision == "stop" => Some(reason.clone()),
        _ => None,
    });
    assert!(said.is_some_and(|reason| reason.contains("20")), "{:?}", searches(&run));
    assert!(outcome.result.steps_kept <= 20, "{}", outcome.result.steps_kept);
}
