use rheostat_record::{Event, Manifest, Plan};
use rheostat_train::{Accounts, Observer, Place, train};
use serde::Serialize;

use crate::arguments::{Format, Global, Profile};
use crate::error::CliError;
use crate::{output, provenance, recipes};

use super::train::{Compute, host};

/// Keeps the accounts after every update.
struct Watch {
    batch_size: f64,
    accounts: Vec<Accounts>,
}

impl Observer for Watch {
    fn begin(&mut self, _: &Manifest, _: &Plan, _: u64) {}

    fn event(&mut self, event: &Event) {
        if let Event::Step { hyperparameters, .. } = event {
            self.batch_size = hyperparameters.get("batch_size").copied().unwrap_or(f64::NAN);
        }
    }

    fn accounts(&mut self, accounts: &Accounts) {
        self.accounts.push(*accounts);
    }
}

#[derive(Serialize)]
struct Report<'a> {
    workload: &'a str,
    batch_size: f64,
    steps: usize,
    threads: usize,
    kernels: bool,
    step_milliseconds: Spread,
    phases_milliseconds: Phases,
    /// Of what is done in some updates alone, as a test of a controller is, the median says nothing.
    mean_phases_milliseconds: Phases,
    peak_memory_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Spread {
    median: f64,
    p10: f64,
    p90: f64,
    mean: f64,
}

#[derive(Serialize)]
struct Phases {
    data: f64,
    forward: f64,
    backward: f64,
    update: f64,
    control: f64,
    recording: f64,
}

impl Phases {
    fn of(phase: impl Fn(fn(&Accounts) -> f64) -> f64) -> Self {
        Self {
            data: phase(|accounts| accounts.data),
            forward: phase(|accounts| accounts.forward),
            backward: phase(|accounts| accounts.backward),
            update: phase(|accounts| accounts.update),
            control: phase(|accounts| accounts.control),
            recording: phase(|accounts| accounts.recording),
        }
    }

    fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("data", self.data),
            ("forward", self.forward),
            ("backward", self.backward),
            ("update", self.update),
            ("control", self.control),
            ("recording", self.recording),
        ]
    }
}

pub(crate) fn run(arguments: &Profile, global: &Global) -> Result<u8, CliError> {
    let steps = arguments.steps + arguments.warm_up;
    // Checkpoints are for runs that go on; a profile has one at its end.
    let sets = [
        ("budget".to_owned(), format!("\"{} steps\"", steps + 1)),
        ("checkpoint_every".to_owned(), format!("\"{} steps\"", steps + 1)),
    ];
    let recipe = recipes::read_with(&arguments.recipe, &sets)?;
    let compute = Compute::asked(global);
    let mut host = host(global, compute)?;
    host.skip_evaluation = true;
    let (path, id) = provenance::run_folder(arguments.out.as_deref(), &format!("profile-{}", recipe.workload.name));
    let mut watch = Watch { batch_size: f64::NAN, accounts: Vec::new() };
    let outcome = train(&recipe, Place::New { path: &path, id: &id }, &host, &mut watch)?;
    let first = usize::try_from(arguments.warm_up).unwrap_or(usize::MAX);
    let seen = watch.accounts.get(first..).unwrap_or_default();
    let between = |of: fn(&Accounts) -> f64| -> Vec<f64> {
        let mut times: Vec<f64> = seen.windows(2).map(|pair| 1e3 * (of(&pair[1]) - of(&pair[0]))).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let total = between(Accounts::training);
    if total.is_empty() {
        let why =
            format!("{} updates were made, too few to measure ({:?})", watch.accounts.len(), outcome.result.status);
        return Err(CliError::Usage(why));
    }
    let report = Report {
        workload: recipe.workload.name,
        batch_size: watch.batch_size,
        steps: total.len(),
        threads: compute.threads,
        kernels: compute.kernels,
        step_milliseconds: Spread {
            median: quantile(&total, 0.5),
            p10: quantile(&total, 0.1),
            p90: quantile(&total, 0.9),
            mean: mean(&total),
        },
        phases_milliseconds: Phases::of(|of| quantile(&between(of), 0.5)),
        mean_phases_milliseconds: Phases::of(|of| mean(&between(of))),
        peak_memory_bytes: provenance::peak_memory(),
    };
    match global.format {
        Format::Json => output::json(&report)?,
        Format::Csv => output::text(&output::csv(&rows(&report)))?,
        Format::Text => output::text(&text(&report))?,
    }
    Ok(crate::error::exit::DONE)
}

/// Of sorted values, by nearest rank.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

/// Each phase with its median and its mean.
fn phases(report: &Report<'_>) -> impl Iterator<Item = (&'static str, f64, f64)> {
    let means = report.mean_phases_milliseconds.named();
    report.phases_milliseconds.named().into_iter().zip(means).map(|((name, median), (_, mean))| (name, median, mean))
}

fn rows(report: &Report<'_>) -> Vec<Vec<String>> {
    let step = ("step", report.step_milliseconds.median, report.step_milliseconds.mean);
    let mut rows = vec![["phase", "milliseconds", "mean_milliseconds"].map(str::to_owned).to_vec()];
    let row = |(name, median, mean): (&str, f64, f64)| vec![name.to_owned(), median.to_string(), mean.to_string()];
    rows.extend(phases(report).chain([step]).map(row));
    rows
}

fn text(report: &Report<'_>) -> String {
    let step = &report.step_milliseconds;
    let whole = step.median + report.phases_milliseconds.recording;
    let mut rows = vec![["phase", "median ms", "share", "", "mean ms"].map(str::to_owned).to_vec()];
    for (name, median, mean) in phases(report) {
        let share = median / whole;
        let bar = "█".repeat((share * 32.0).round() as usize);
        let share = format!("{:.1} %", 100.0 * share);
        rows.push(vec![name.to_owned(), format!("{median:.3}"), share, bar, format!("{mean:.3}")]);
    }
    let memory =
        report.peak_memory_bytes.map_or(String::new(), |bytes| format!(", peak memory {:.0} MB", bytes as f64 / 1e6));
    format!(
        "{}: {:.3} ms a step (p10 {:.3}, p90 {:.3}; medians of {} steps, batch {}, {} threads){memory}\n\n{}",
        report.workload,
        step.median,
        step.p10,
        step.p90,
        report.steps,
        report.batch_size,
        report.threads,
        output::table(&rows),
    )
}
