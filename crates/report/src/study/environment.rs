//! On what the trials ran, and how finely their times are known.

use rheostat_score::TrialRow;

use super::Study;
use crate::number::{count, duration, percent, short};

/// A fact, and whether it should be the same everywhere but is not.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) differs: bool,
}

pub(super) fn facts(study: &Study<'_>) -> Vec<Fact> {
    let fact = |name: &'static str, of: &dyn Fn(&TrialRow) -> String| {
        let mut values: Vec<(String, usize)> = Vec::new();
        for value in study.rows.iter().map(of) {
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, trials)) => *trials += 1,
                None => values.push((value, 1)),
            }
        }
        let differs = values.len() > 1;
        let told = |(value, trials): &(String, usize)| {
            let value = if value.is_empty() { "unknown" } else { value };
            if differs { format!("{value} ({trials} of {} trials)", study.rows.len()) } else { value.to_owned() }
        };
        Fact { name, value: values.iter().map(told).collect::<Vec<_>>().join(", "), differs }
    };
    let distinct = |of: fn(&TrialRow) -> &str| {
        let mut values: Vec<&str> = study.rows.iter().map(of).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    let samples = |row: &TrialRow| format!("{} ({})", count(row.samples), row.workload);
    let mut sizes: Vec<String> = study.rows.iter().map(samples).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if study.rows.windows(2).all(|pair| pair[0].samples == pair[1].samples) {
        sizes = study.rows.iter().take(1).map(|row| count(row.samples)).collect();
    }
    let plain = |name: &'static str, value: String| Fact { name, value, differs: false };
    vec![
        fact("Processor", &|row| row.processor.clone()),
        fact("Threads", &|row| row.threads.to_string()),
        fact("Program", &|row| row.program.clone()),
        plain("Training samples", sizes.join(", ")),
        plain("Different recipes", count(distinct(|row| &row.recipe_hash) as u64)),
    ]
}

/// How far apart the evaluations of each workload lie, which is how finely times to its target are known.
pub(super) fn grids(study: &Study<'_>) -> Vec<String> {
    let mut workloads: Vec<&str> = study.rows.iter().map(|row| row.workload.as_str()).collect();
    workloads.sort_unstable();
    workloads.dedup();
    workloads.into_iter().filter_map(|workload| grid(study, workload)).collect()
}

fn grid(study: &Study<'_>, workload: &str) -> Option<String> {
    // The evaluation before the first update is none of the intervals' ends.
    let own = || study.rows.iter().filter(|row| row.workload == workload && row.n_evals > 1 && row.steps > 0);
    let each = |of: fn(&TrialRow) -> f64| {
        let mut values: Vec<f64> = own().map(|row| of(row) / (row.n_evals - 1) as f64).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let steps = each(|row| row.steps as f64)?;
    let budget = own().map(|row| row.budget_steps).max()?;
    let seconds = each(|row| row.train_s).filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    let seconds = seconds.map(|seconds| format!(", about {}", duration(seconds))).unwrap_or_default();
    let updates = if steps >= 10.0 { count(steps.round() as u64) } else { short(steps) };
    Some(format!("{workload}: every {updates} updates ({} of the budget{seconds})", percent(steps, budget as f64)))
}
