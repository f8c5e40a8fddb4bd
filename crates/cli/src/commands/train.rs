use std::io::IsTerminal;
use std::path::Path;

use rheostat_record::{Recipe, RecipeText, Run, Status};
use rheostat_train::{Divergence, Host, Outcome, Place, set_threads, train};
use rheostat_workload::WORKLOADS;

use crate::arguments::{Format, Global, Train};
use crate::error::{CliError, exit};
use crate::progress::Progress;
use crate::{interrupt, output, provenance, recipes};

use super::report;

pub(crate) fn run(arguments: &Train, global: &Global) -> Result<u8, CliError> {
    let (recipe, path, id, compute) = match &arguments.resume {
        Some(path) => {
            let manifest = Run::read_manifest(path)?;
            let name = path.join("manifest.json").display().to_string();
            let text = RecipeText { name: &name, text: &manifest.recipe, sets: &[], resolved: true };
            let compute = Compute { threads: manifest.threads, kernels: manifest.kernels };
            (Recipe::read(&text, WORKLOADS)?, path.clone(), manifest.id, compute)
        }
        None => {
            let recipe = recipes::read(&arguments.recipe)?;
            let what = format!("{}-seed{}", recipe.workload.name, recipe.seed);
            let (path, id) = provenance::run_folder(arguments.out.as_deref(), &what);
            (recipe, path, id, Compute::asked(global))
        }
    };
    let host = host(global, compute)?;
    if arguments.leash {
        interrupt::when_input_ends(&host.stop);
    }
    let place = match arguments.resume {
        Some(_) => Place::Resume(&path),
        None => Place::New { path: &path, id: &id },
    };
    let outcome = {
        let mut progress = Progress::new();
        train(&recipe, place, &host, &mut progress)?
    };
    let run = Run::open(&path)?;
    let pages = match arguments.leash {
        true => Vec::new(),
        false => report::write(std::slice::from_ref(&run), &path.join("report.html"), arguments.tensorboard)?,
    };
    match global.format {
        Format::Json => output::json(&outcome.result)?,
        Format::Csv => output::text(&rheostat_report::steps_csv(&run))?,
        Format::Text => output::text(&rheostat_report::summary(&run, &summary_options()))?,
    }
    for page in pages {
        eprintln!("wrote {}", page.display());
    }
    if let Some(divergence) = &outcome.divergence {
        eprintln!("{}", diverged(divergence, &path));
    }
    Ok(code(&outcome, arguments, &path))
}

/// What a run computes with. A resumed run goes on with what it began with, so that it stays the same to the bit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compute {
    pub(crate) threads: usize,
    pub(crate) kernels: bool,
}

impl Compute {
    /// What the command line asks for.
    pub(crate) fn asked(global: &Global) -> Self {
        Self { threads: global.threads.map_or_else(provenance::cores, usize::from), kernels: !global.no_kernels }
    }
}

/// What the loop needs of this machine; Ctrl-C asks it to stop after the current update.
pub(crate) fn host(global: &Global, compute: Compute) -> Result<Host, CliError> {
    set_threads(compute.threads)?;
    Ok(Host {
        data: Some(recipes::data(global)),
        stop: interrupt::stop("update"),
        program: provenance::PROGRAM.to_owned(),
        commit: provenance::commit(),
        processor: provenance::processor(),
        threads: compute.threads,
        without_kernels: !compute.kernels,
        started: provenance::now(),
        skip_evaluation: false,
        landscape: None,
    })
}

pub(crate) fn summary_options() -> rheostat_report::SummaryOptions {
    rheostat_report::SummaryOptions { colour: std::io::stdout().is_terminal(), ..Default::default() }
}

pub(super) fn diverged(at: &Divergence, path: &Path) -> String {
    let checkpoint = match at.checkpoint {
        Some(step) => path.join(format!("checkpoints/step-{step}")).display().to_string(),
        None => "none was written".to_owned(),
    };
    format!(
        "diverged at step {}: loss {}, gradient norm {}, learning rate {:e}; last good checkpoint: {checkpoint}",
        at.step, at.loss, at.gradient_norm, at.learning_rate,
    )
}

fn code(outcome: &Outcome, arguments: &Train, path: &Path) -> u8 {
    match outcome.result.status {
        Status::Diverged => exit::DIVERGED,
        Status::Interrupted => {
            eprintln!("interrupted and saved; go on with: rheostat train --resume {}", path.display());
            exit::INTERRUPTED
        }
        _ if arguments.require_target && outcome.result.steps_to_target.is_none() => {
            eprintln!("the target was missed");
            exit::TARGET_MISSED
        }
        _ => exit::DONE,
    }
}
