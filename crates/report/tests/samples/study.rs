//! Trials made up for tests: no randomness, no clock.
#![allow(dead_code, unreachable_pub)]

use rheostat_score::TrialRow;

/// A trial of 1000 updates that are evaluated 21 times and meet an accuracy of 0.95 after so many updates, if at all.
pub fn row(submission: &str, workload: &str, study: u64, met: Option<u64>) -> TrialRow {
    let per_update = if workload == "digits-mlp" { 0.0034 } else { 0.052 };
    let grid = met.map(|steps| steps.div_ceil(50) * 50);
    let reached = grid.is_some();
    TrialRow {
        ruleset: "self_tuning".into(),
        submission: submission.into(),
        workload: workload.into(),
        role: "base".into(),
        base: String::new(),
        study,
        trial: 0,
        seed: 1000 + study,
        status: "finished".into(),
        why: String::new(),
        metric: "accuracy".into(),
        direction: "increasing".into(),
        target: 0.95,
        reached,
        eval_index: grid.map(|steps| steps / 50),
        steps_to_target: grid,
        // The clock of a machine is never quite the same.
        time_to_target_s: met
            .zip(grid)
            .map_or(f64::INFINITY, |(met, grid)| grid as f64 * per_update * (1.0 + (met % 7) as f64 * 0.011)),
        forwards_to_target: grid,
        backwards_to_target: grid,
        n_evals: 21,
        best_metric: Some(if reached { 0.962 } else { 0.931 }),
        best_step: Some(950),
        // A table of an earlier version.
        best_loss: None,
        final_metric: Some(if reached { 0.961 } else { 0.93 }),
        final_loss: None,
        test_metric: Some(if reached { 0.955 } else { 0.922 }),
        steps: 1000,
        forwards: None,
        backwards: None,
        budget_steps: 1000,
        train_s: 1000.0 * per_update,
        eval_s: 120.0 * per_update,
        record_s: 15.0 * per_update,
        samples: 1078,
        threads: 4,
        processor: "Example Processor 9000".into(),
        program: "rheostat 0.1.0".into(),
        recipe_hash: format!("{:064x}", submission.len()),
        point: String::new(),
    }
}

/// Four submissions on four workloads, three studies each. One trial failed, one diverged, one submission misses a workload.
pub fn compared() -> Vec<TrialRow> {
    let base = [("cosine", [420, 300, 610, 380]), ("autowu", [390, 450, 880, 560]), ("constant", [640, 470, 0, 720])];
    let mut rows = Vec::new();
    for (place, (submission, steps)) in
        base.into_iter().chain([("wsd-cooldown-sqrt", [530, 330, 590, 610])]).enumerate()
    {
        for (workload, steps) in ["digits-mlp", "cifar10-resnet8", "speech-cnn", "digits-cnn"].iter().zip(steps) {
            for study in 0..3u64 {
                let spread = (study * 37 + place as u64 * 23 + steps) % 11 * 14;
                rows.push(row(submission, workload, study, (steps > 0).then_some(steps + spread)));
            }
        }
    }
    let failed = &mut rows[8];
    (failed.status, failed.why) = ("failed".into(), "the record could not be written: no space left on device".into());
    (failed.reached, failed.steps_to_target, failed.time_to_target_s, failed.eval_index) =
        (false, None, f64::INFINITY, None);
    (failed.steps, failed.n_evals, failed.best_metric, failed.train_s) = (210, 5, Some(0.71), 10.9);
    let diverged = &mut rows[30];
    (diverged.status, diverged.why) = ("diverged".into(), "the loss was NaN at update 120".into());
    (diverged.steps, diverged.n_evals, diverged.best_metric, diverged.train_s) = (120, 3, Some(f64::NAN), 6.2);
    rows
}

/// Three submissions on one workload; whatever is not a number is missed.
pub fn one_workload() -> Vec<TrialRow> {
    let met = [("cosine", [430, 410, 520]), ("constant", [690, 610, 640]), ("cycles", [900, 0, 0])];
    let studies = |(submission, met): (&str, [u64; 3])| {
        let of = |study: usize| row(submission, "digits-mlp", study as u64, (met[study] > 0).then_some(met[study]));
        (0..3).map(of).collect::<Vec<_>>()
    };
    met.into_iter().flat_map(studies).collect()
}

/// Two submissions that draw five points a study.
pub fn tuned() -> Vec<TrialRow> {
    let mut rows = Vec::new();
    for (place, submission) in ["adamw-cosine", "sgd-step"].into_iter().enumerate() {
        for study in 0..2 {
            for trial in 0..5u64 {
                let met = 300 + (trial * 7 + study * 3 + place as u64 * 2) % 11 * 60;
                let row = row(submission, "digits-mlp", study, (met < 800).then_some(met));
                rows.push(TrialRow {
                    ruleset: "external_tuning".into(),
                    trial,
                    seed: 2000 + study * 5 + trial,
                    point: format!(
                        "learning_rate = {:.4}; weight_decay = {:.3}",
                        1e-3 * (trial + 1) as f64,
                        0.01 * (study + 1) as f64
                    ),
                    ..row
                });
            }
        }
    }
    rows
}

/// Four submissions at eight learning rates, two seeds each. The constant one loses itself at the highest but one and breaks off at the highest.
pub fn sweep() -> Vec<TrialRow> {
    let rates = [1e-5, 2.7e-5, 7.2e-5, 1.9e-4, 5.2e-4, 1.4e-3, 3.7e-3, 1e-2];
    let submissions = [
        ("constant", "learning_rate", 3.2e-4, 0.951, 0.92),
        ("cosine", "learning_rate.peak", 1.1e-3, 0.969, 0.98),
        ("step", "learning_rate.initial", 7.5e-4, 0.962, 0.9),
        ("one_cycle", "learning_rate.peak", 2.2e-3, 0.972, 1.0),
    ];
    let mut rows = Vec::new();
    for (place, (submission, key, best, top, late)) in submissions.into_iter().enumerate() {
        for (trial, rate) in rates.into_iter().enumerate() {
            for study in 0..2u64 {
                let wobble = ((trial as u64 * 7 + study * 5 + place as u64 * 3) % 11) as f64 / 11.0 - 0.5;
                let away = f64::log10(rate / best);
                let metric = top - 0.17 * away.abs().powf(if away < 0.0 { 1.6 } else { 2.2 }) + 0.03 * wobble;
                let share = if away > 0.35 { late - 0.75 * (away - 0.35) } else { late } + 0.05 * wobble;
                let steps = (share.clamp(0.05, 1.0) * 20.0).round() as u64 * 50;
                let mut row = row(submission, "digits-mlp", study, (metric > 0.95).then_some(steps));
                row.ruleset = "external_tuning".into();
                row.trial = trial as u64;
                row.seed = 3000 + study * 8 + trial as u64;
                row.point = format!("{key} = {rate:?}; weight_decay = 0.1");
                (row.best_metric, row.best_step) = (Some(metric), Some(steps));
                (row.final_metric, row.test_metric) = (Some(metric - 0.002), Some(metric - 0.007 + 0.01 * wobble));
                if submission == "constant" && away > 1.0 {
                    (row.best_metric, row.best_step) = (Some(0.31 + 0.1 * wobble), Some(50));
                    (row.final_metric, row.test_metric) = (Some(0.13), Some(0.12 + 0.06 * wobble));
                }
                if submission == "constant" && away > 1.4 {
                    (row.status, row.why) = ("diverged".into(), "the loss was NaN at update 140".into());
                    (row.steps, row.n_evals, row.train_s) = (140, 3, 0.5);
                    (row.final_metric, row.test_metric) = (Some(f64::NAN), Some(f64::NAN));
                }
                rows.push(row);
            }
        }
    }
    rows
}

/// Three submissions at forty drawn rates each, of a loss that blows up at the highest.
pub fn search() -> Vec<TrialRow> {
    let mut rows = Vec::new();
    for (place, (submission, best)) in [("cosine", 1.1e-3), ("step", 6e-4), ("one_cycle", 2.2e-3)].iter().enumerate() {
        for trial in 0..40u64 {
            let drawn = |times: f64| (trial as f64 + 0.7 * place as f64) * times % 1.0;
            let rate = 10f64.powf(-5.0 + 3.6 * drawn(0.618_034));
            let away = f64::log10(rate / best);
            let loss = 0.11 + 0.12 * away.powi(2) + 0.06 * drawn(0.754_878);
            let blown = away > 0.95;
            rows.push(TrialRow {
                ruleset: "external_tuning".into(),
                trial,
                point: format!("learning_rate.peak = {rate:?}; weight_decay = {:.3}", drawn(0.569_84)),
                metric: "loss".into(),
                direction: "decreasing".into(),
                best_metric: Some(if blown { 2.3 } else { loss }),
                best_step: Some(if blown { 50 } else { 900 }),
                test_metric: Some(if blown { 40.0 * away } else { loss + 0.01 }),
                ..row(submission, "digits-mlp", 0, None)
            });
        }
    }
    rows
}

/// Very many submissions.
pub fn many(submissions: u64) -> Vec<TrialRow> {
    let studies = |submission: u64| {
        (0..6u64).map(move |index| {
            let workload = if index % 2 == 0 { "digits-mlp" } else { "digits-cnn" };
            let met = 300 + submission * 20 + (index * 31 + submission * 17) % 90;
            row(&format!("submission-{submission:02}"), workload, index / 2, (met < 990).then_some(met))
        })
    };
    (0..submissions).flat_map(studies).collect()
}

/// Nobody meets the target.
pub fn missed() -> Vec<TrialRow> {
    let mut rows = one_workload();
    for (place, row) in rows.iter_mut().enumerate() {
        (row.reached, row.steps_to_target, row.time_to_target_s) = (false, None, f64::NAN);
        row.best_metric = Some(0.9 + place as f64 / 400.0);
    }
    rows
}
