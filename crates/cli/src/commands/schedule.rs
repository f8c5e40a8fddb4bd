use std::io::IsTerminal;
use std::path::Path;

use rheostat_record::Recipe;
use rheostat_report::Curves;
use rheostat_report::chart::{SvgOptions, TerminalOptions};
use rheostat_workload::{Visitor, Workload};

use crate::arguments::{Format, Global, Schedule};
use crate::error::CliError;
use crate::{output, recipes};

pub(crate) fn run(arguments: &Schedule, global: &Global) -> Result<(), CliError> {
    let recipe = recipes::read(&arguments.recipe)?;
    let samples = samples(&recipe, global)?;
    let plan = recipe.plan(samples)?;
    let curves: Vec<_> = plan
        .base
        .schedules()
        .iter()
        .map(|(which, schedule)| (which.name().to_owned(), schedule.clone()))
        .chain(plan.groups.iter().enumerate().flat_map(|(index, group)| {
            group.schedules().iter().map(move |(which, schedule)| (format!("group.{index}.{which}"), schedule.clone()))
        }))
        .collect();
    let steps = arguments.steps.unwrap_or(plan.total_steps);
    let all = Curves::new(&curves, steps)?;
    if let Some(path) = &arguments.output {
        write(path, &all)?;
        eprintln!("wrote {}", path.display());
        return Ok(());
    }
    match global.format {
        Format::Csv => output::text(&all.csv()),
        Format::Json => output::text(&all.json()),
        Format::Text => {
            // Constants need no picture.
            let moving: Vec<_> = curves.iter().filter(|(_, curve)| moves(curve, steps)).cloned().collect();
            let options = TerminalOptions { colour: std::io::stdout().is_terminal(), ..Default::default() };
            let mut text = match moving.is_empty() {
                true => String::new(),
                false => Curves::new(&moving, steps)?.chart().terminal(&options),
            };
            let still = curves.iter().filter(|(_, curve)| !moves(curve, steps));
            let still: Vec<_> = still.map(|(name, curve)| format!("{name} {}", curve.at(0))).collect();
            if !still.is_empty() {
                text.push_str(&format!("constant: {}\n", still.join(", ")));
            }
            text.push_str(&format!(
                "{}: {} updates, {} an epoch of {samples} samples\n",
                recipe.workload.name,
                plan.total_steps,
                plan.steps_per_epoch(),
            ));
            output::text(&text)
        }
    }
}

fn moves(curve: &rheostat_schedule::Schedule, steps: u64) -> bool {
    let last = steps.saturating_sub(1);
    let first = curve.at(0);
    curve.breakpoints().into_iter().filter(|step| *step <= last).chain([last / 2, last]).any(|step| curve.at(step) != first)
}

fn write(path: &Path, curves: &Curves<'_>) -> Result<(), CliError> {
    let bytes = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => curves.chart().svg(&SvgOptions::default()).into_bytes(),
        Some("png") => curves.chart().png(&SvgOptions::default(), 2.0)?,
        Some("csv") => curves.csv().into_bytes(),
        Some("json") => curves.json().into_bytes(),
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
        (Some(data), Some(_)) => Ok(rheostat_workload::open(facts.name, Some(data), Samples)?),
        (None, Some(_)) => {
            eprintln!("{}: {} training {} as published; --data counts yours", facts.name, facts.samples, facts.sample);
            Ok(facts.samples)
        }
        (_, None) => Ok(facts.samples),
    }
}
