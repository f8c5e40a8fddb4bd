use std::io::IsTerminal;
use std::path::Path;

use rheostat_control::Hyperparameter;
use rheostat_record::Recipe;
use rheostat_report::Curves;
use rheostat_report::chart::{Chart, TerminalOptions};
use rheostat_schedule::Schedule;
use rheostat_workload::{Visitor, Workload};

use crate::arguments::{self, Format, Global};
use crate::error::CliError;
use crate::output::Picture;
use crate::{output, recipes};

pub(crate) fn run(arguments: &arguments::Schedule, global: &Global) -> Result<(), CliError> {
    let recipe = recipes::read(&arguments.recipe)?;
    let samples = samples(&recipe, global)?;
    let plan = recipe.plan(samples)?;
    let mut curves: Vec<(String, Schedule)> =
        plan.base.schedules().iter().map(|(which, schedule)| (which.name().to_owned(), schedule.clone())).collect();
    curves.push((
        Hyperparameter::BatchSize.name().to_owned(),
        plan.batch_sizes().map_err(|error| CliError::Usage(error.to_string()))?,
    ));
    curves.extend(plan.cap().map(|cap| ("learning_rate.cap".to_owned(), cap)));
    for (index, group) in plan.groups.iter().enumerate() {
        let named =
            |(which, schedule): &(Hyperparameter, Schedule)| (format!("group.{}.{which}", index + 1), schedule.clone());
        curves.extend(group.schedules().iter().map(named));
    }
    let steps = arguments.steps.unwrap_or(plan.total_steps);
    let all = Curves::new(&curves, steps)?;
    // Constants need no picture.
    let moving: Vec<_> = curves.iter().filter(|(_, curve)| moves(curve, steps)).cloned().collect();
    let drawn = if moving.is_empty() { &curves[..1] } else { &moving[..] };
    let chart = Curves::new(drawn, steps)?.chart();
    if let Some(path) = &arguments.output {
        write(path, &all, &chart)?;
        eprintln!("wrote {}", path.display());
        return Ok(());
    }
    match global.format {
        Format::Csv => output::text(&all.csv()),
        Format::Json => output::text(&all.json()),
        Format::Text => {
            let options = TerminalOptions { colour: std::io::stdout().is_terminal(), ..Default::default() };
            let mut text = if moving.is_empty() { String::new() } else { chart.terminal(&options) };
            let still = curves.iter().filter(|(_, curve)| !moves(curve, steps));
            let still: Vec<_> = still.map(|(name, curve)| format!("{name} {}", curve.at(0))).collect();
            if !still.is_empty() {
                text.push_str(&format!("constant: {}\n", still.join(", ")));
            }
            for (which, controller) in &plan.controllers {
                text.push_str(&format!(
                    "{which}: {} sets it from what it sees; rheostat replay shows what it would have done on recorded losses\n",
                    controller.name()
                ));
            }
            if let Some(search) = &plan.line_search {
                text.push_str(&format!(
                    "learning_rate: {} finds the step of every update during the run\n",
                    search.name()
                ));
            }
            text.push_str(&format!(
                "{}: {} updates, {} in the first epoch of {samples} samples\n",
                recipe.workload.name,
                plan.total_steps,
                plan.steps_per_epoch(),
            ));
            output::text(&text)
        }
    }
}

fn moves(curve: &Schedule, steps: u64) -> bool {
    let last = steps.saturating_sub(1);
    let first = curve.at(0);
    curve
        .breakpoints()
        .into_iter()
        .filter(|step| *step <= last)
        .chain([last / 2, last])
        .any(|step| curve.at(step) != first)
}

fn write(path: &Path, curves: &Curves<'_>, chart: &Chart) -> Result<(), CliError> {
    let bytes = match (Picture::of(path), path.extension().and_then(|extension| extension.to_str())) {
        (Some(picture), _) => picture.bytes(chart)?,
        (None, Some("csv")) => curves.csv().into_bytes(),
        (None, Some("json")) => curves.json().into_bytes(),
        _ => {
            let message = format!("{}: the ending says what is written: .svg, .png, .csv or .json", path.display());
            return Err(CliError::Usage(message));
        }
    };
    std::fs::write(path, bytes).map_err(CliError::writing(path))
}

/// The training-set size: as found with `--data`, else as published; says which.
pub(crate) fn samples(recipe: &Recipe, global: &Global) -> Result<u64, CliError> {
    struct Samples;
    impl Visitor for Samples {
        type Output = u64;

        fn visit<W: Workload>(self, workload: W) -> u64 {
            workload.samples()
        }
    }
    let facts = &recipe.workload;
    match (&global.data, facts.dataset) {
        (Some(data), Some(_)) => Ok(rheostat_workload::open(facts.name, Some(data), &[], Samples)?),
        (None, Some(_)) => {
            eprintln!("{}: {} training {} as published; --data counts yours", facts.name, facts.samples, facts.sample);
            Ok(facts.samples)
        }
        (_, None) => Ok(facts.samples),
    }
}
