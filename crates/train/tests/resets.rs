//! Resets between cycles, with every optimizer.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{assert_resumes, losses, recipe};
use rheostat_control::OPTIMIZERS;
use rheostat_record::{Event, Run};

/// Two cycles of 15 updates; the reset between them has a share that depends on the metric, or is of all weights.
fn cycles(optimizer: &str, mode: &str) -> String {
    let more = if optimizer == "schedule_free" { "allow_schedule = true\n" } else { "" };
    let peak = if optimizer == "prodigy" { 1.0 } else { 1e-2 };
    format!(
        "budget = \"30 steps\"\nevaluate_every = \"5 steps\"\ncheckpoint_every = \"50 %\"\ndropout = 0.1\n[optimizer]\nmethod = \"{optimizer}\"\n{more}\
         [learning_rate]\nmethod = \"cycles\"\npeak = {peak:?}\ncount = 2\n\
         [learning_rate.reset]\nmode = \"{mode}\"\ntarget = 1.0\n"
    )
}

/// After how many updates, by how much of the weights and of the moments.
fn resets(run: &Run) -> Vec<(u64, f64, f64)> {
    let reset =
        |event: &Event| if let Event::Reset { step, tau, alpha } = event { Some((*step, *tau, *alpha)) } else { None };
    run.events.iter().filter_map(reset).collect()
}

#[test]
fn every_optimizer_trains_through_every_kind_of_reset_and_resumes_to_the_same_bits() {
    assert_eq!(OPTIMIZERS.len(), 14);
    for optimizer in OPTIMIZERS {
        for mode in ["soft", "hard", "params_only"] {
            let what = format!("{} {mode}", optimizer.name);
            // Interrupted at the boundary itself, and some updates after it.
            let (_, run) = assert_resumes(&recipe(&cycles(optimizer.name, mode)), &[15, 22], |_| ());
            let [(15, tau, alpha)] = resets(&run)[..] else { panic!("{what}: {:?}", resets(&run)) };
            match mode {
                "soft" => assert!(tau > 0.0 && tau < 1.0 && alpha == 0.5, "{what}: {tau}, {alpha}"),
                "hard" => assert_eq!((tau, alpha), (1.0, 1.0), "{what}"),
                _ => assert_eq!((tau, alpha), (1.0, 0.0), "{what}"),
            }
            let loss = |at: u64| losses(&run).into_iter().find(|(step, _)| *step == at).unwrap().1;
            // The output layer begins at zero, so that fresh weights have ten classes at random.
            let random = (f64::from_bits(loss(15)) - 10_f64.ln()).abs() < 1e-6;
            assert_eq!(random, mode != "soft", "{what}: {}", f64::from_bits(loss(15)));
            assert!(losses(&run).iter().all(|(_, bits)| f64::from_bits(*bits).is_finite()), "{what}");
        }
    }
}
