use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rheostat_control::LineSearchMethod;
use rheostat_control::line_searches::BestStep;
use rheostat_record::{Column, Event, Landscape, Manifest, OtherBatch, Plan, Status};
use rheostat_report::chart::{SvgOptions, TerminalOptions};
use rheostat_report::landscape;
use rheostat_train::{Accounts, LandscapeGrid, Observer, Place, train};

use crate::arguments::{self, Format, Global};
use crate::error::{CliError, exit};
use crate::progress::Progress;
use crate::{output, provenance, recipes};

use super::lr_find::misused;
use super::schedule::samples;
use super::train::{Compute, diverged, host};

/// Updates made where nothing else is asked for.
const STEPS: u64 = 100;
/// About so many of them are measured.
const MEASURED: u64 = 50;
/// Updates listed in a terminal.
const ROWS: usize = 16;

pub(crate) fn run(arguments: &arguments::Landscape, global: &Global) -> Result<u8, CliError> {
    let recipe = recipes::read(&arguments.recipe)?;
    let grid = grid(arguments, recipe.plan(samples(&recipe, global)?)?.total_steps)?;
    let mut host = host(global, Compute::asked(global))?;
    host.landscape = Some(grid.clone());
    let (path, id) = provenance::run_folder(arguments.out.as_deref(), &format!("landscape-{}", recipe.workload.name));
    let mut watch = Watch {
        progress: Progress::new(),
        steps: grid.until,
        stop: host.stop.clone(),
        landscape: Landscape { sizes: grid.sizes, ..Landscape::default() },
    };
    let outcome = train(&recipe, Place::New { path: &path, id: &id }, &host, &mut watch)?;
    let Watch { landscape, progress, .. } = watch;
    drop(progress);
    if let Some(divergence) = &outcome.divergence {
        eprintln!("{}", diverged(divergence, &path));
    }
    let name = format!("{} under {}", recipe.workload.name, method(&arguments.recipe.recipe));
    if landscape.columns.is_empty() {
        eprintln!("no update was measured");
    } else {
        let page = write(&landscape, &name, &path)?;
        print(&landscape, global)?;
        eprintln!("wrote {}", page.display());
    }
    Ok(match outcome.result.status {
        Status::Diverged => exit::DIVERGED,
        Status::Interrupted if outcome.result.steps_kept < grid.until => exit::INTERRUPTED,
        _ => exit::DONE,
    })
}

/// The recipe by its file's name.
fn method(recipe: &Option<PathBuf>) -> String {
    let stem = recipe.as_ref().and_then(|path| path.file_stem());
    stem.map_or_else(|| "its default recipe".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn grid(arguments: &arguments::Landscape, budget: u64) -> Result<LandscapeGrid, CliError> {
    let arguments::Landscape { low, high, points, batches, .. } = *arguments;
    let search = BestStep { low, high, points, refine: 0, cap: None };
    search.check().map_err(|errors| {
        errors.first().map_or_else(|| CliError::Usage("there is nothing to measure".to_owned()), misused)
    })?;
    let until = arguments.steps.unwrap_or(STEPS.min(budget));
    if until > budget {
        return Err(CliError::Usage(format!("--steps = {until} is out of range: at most the budget, {budget} steps")));
    }
    let every = arguments.every.unwrap_or((until / MEASURED).max(1));
    Ok(LandscapeGrid { sizes: search.sizes(), every, batches, until })
}

/// Gathers what is measured, shows the run, and ends it after the updates that were asked for.
struct Watch {
    progress: Progress,
    steps: u64,
    stop: Arc<AtomicBool>,
    landscape: Landscape,
}

impl Observer for Watch {
    fn begin(&mut self, manifest: &Manifest, plan: &Plan, step: u64) {
        let mut shown = plan.clone();
        shown.total_steps = self.steps;
        self.progress.begin(manifest, &shown, step);
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, .. } if step + 1 == self.steps => self.stop.store(true, Ordering::Relaxed),
            // What was taken back is measured again.
            Event::Restore { step, .. } => self.landscape.columns.retain(|column| column.step < *step),
            _ => {}
        }
        self.progress.event(event);
    }

    fn accounts(&mut self, accounts: &Accounts) {
        self.progress.accounts(accounts);
    }

    fn landscape(&mut self, column: Column, others: Vec<OtherBatch>) {
        self.landscape.columns.push(column);
        self.landscape.others = others;
    }
}

/// Everything into the run directory; gives the page's path.
fn write(landscape: &Landscape, name: &str, folder: &Path) -> Result<PathBuf, CliError> {
    let put = |file: String, bytes: &[u8]| {
        let path = folder.join(file);
        std::fs::write(&path, bytes).map_err(CliError::writing(&path)).map(|()| path)
    };
    put("landscape.json".to_owned(), serde_json::to_string_pretty(landscape)?.as_bytes())?;
    put("landscape.csv".to_owned(), landscape::csv(landscape).as_bytes())?;
    let options = SvgOptions { panel_height: 320.0, ..SvgOptions::default() };
    for (stem, chart) in landscape::charts(landscape) {
        put(format!("landscape-{stem}.svg"), chart.svg(&options).as_bytes())?;
        put(format!("landscape-{stem}.png"), &chart.png(&options, 2.0)?)?;
    }
    put("landscape.html".to_owned(), landscape::html(landscape, name, provenance::PROGRAM)?.as_bytes())
}

fn print(landscape: &Landscape, global: &Global) -> Result<(), CliError> {
    match global.format {
        Format::Json => output::json(landscape),
        Format::Csv => output::text(&landscape::csv(landscape)),
        Format::Text => {
            let options = TerminalOptions { colour: std::io::stdout().is_terminal(), ..Default::default() };
            let pictures = landscape::charts(landscape);
            let picture = pictures.first().map(|(_, chart)| chart.terminal(&options) + "\n").unwrap_or_default();
            let table = output::table(&landscape::table(landscape, ROWS));
            output::text(&format!("{picture}{table}{}.\n", landscape::headline(landscape)))
        }
    }
}
