//! How long it takes to score 100,000 trials: 20 submissions, 10 workloads, 100 studies of 5 trials, 1000 resamples.
#![allow(missing_docs, clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::fmt::Write;
use std::time::Instant;

use rheostat_score::{Bootstrap, Clock, Leaderboard, Rules, read_results};

/// A table in which one trial in eight misses.
fn table() -> String {
    let mut text = "ruleset,submission,workload,role,study,trial,time_to_target_s,eval_index\n".to_owned();
    // A multiplicative generator: any spread of times will do.
    let mut state = 1_u64;
    for index in 0..100_000 {
        let (submission, workload, study, trial) = (index / 5000, index / 500 % 10, index / 5 % 100, index % 5);
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let time = 100.0 + (state >> 54) as f64 + 10.0 * f64::from(submission);
        let (time, evaluation) = if state >> 40 & 7 == 0 {
            ("inf".to_owned(), String::new())
        } else {
            (time.to_string(), (time / 20.0).floor().to_string())
        };
        writeln!(text, "ours,submission_{submission},workload_{workload},base,{study},{trial},{time},{evaluation}")
            .unwrap();
    }
    text
}

fn main() {
    let text = table();
    for rules in ["rheostat", "algoperf-0.5"] {
        let start = Instant::now();
        let trials = read_results(&text, Clock::Seconds).unwrap();
        let read = start.elapsed();
        let boards = Leaderboard::all_with(&trials, &Rules::named(rules).unwrap(), &Bootstrap::default());
        let total = start.elapsed();
        println!(
            "{rules}: read {:.3} s, score {:.3} s, in all {:.3} s; first {}",
            read.as_secs_f64(),
            (total - read).as_secs_f64(),
            total.as_secs_f64(),
            boards[0].entries[0].submission
        );
    }
}
