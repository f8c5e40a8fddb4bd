use std::path::Path;

use rheostat_control::{Asks, ControllerSpec, Observation};
use rheostat_record::{Event, Plan, Recipe, RecipeText, Run, observations, read_losses};
use rheostat_report::Replay;
use rheostat_report::chart::Theme;
use rheostat_workload::WORKLOADS;

use crate::arguments::{self, Format, Global};
use crate::error::CliError;
use crate::{output, provenance, recipes};

use super::schedule::samples;
use super::train::summary_options;

pub(crate) fn run(arguments: &arguments::Replay, global: &Global) -> Result<(), CliError> {
    let budget = arguments.steps.map(|steps| ("budget".to_owned(), format!("\"{steps} steps\"")));
    let of = arguments.recipe.recipe.as_deref().filter(|path| path.is_dir());
    let (plan, name, losses) = match (of, &arguments.losses) {
        (Some(path), None) => {
            let mut sets = recipes::changes(&arguments.recipe);
            sets.extend(budget);
            let manifest = Run::read_manifest(path)?;
            let plan = recorded_recipe(path, &manifest.recipe, &sets)?.plan(manifest.samples)?;
            (plan, manifest.id, path)
        }
        (None, Some(losses)) => {
            let recipe = recipes::read_with(&arguments.recipe, budget.as_slice())?;
            let plan = recipe.plan(samples(&recipe, global)?)?;
            (plan, losses.display().to_string(), losses.as_path())
        }
        (Some(path), Some(_)) => {
            let message = format!("{} is a run and has losses of its own: leave --losses out", path.display());
            return Err(CliError::Usage(message));
        }
        (None, None) => {
            let message = "give the directory of a run, or a recipe and --losses FILE.csv".to_owned();
            return Err(CliError::Usage(message));
        }
    };
    if let Some(search) = &plan.line_search {
        let message = format!(
            "{} chooses each step by losses at weights that were not recorded: a run's `search` events say how it found them",
            search.name()
        );
        return Err(CliError::Usage(message));
    }
    let source = Losses::read(losses, &plan)?;
    let replay = replay(&plan, &source.observations)?;
    if let Some(step) = source.events.as_deref().and_then(|events| replay.departure(events)) {
        eprintln!("{name} was trained at other values from update {step} on: what follows is not what it did");
    }
    if let Some(path) = &arguments.output {
        write(path, &replay, &name)?;
        eprintln!("wrote {}", path.display());
        return Ok(());
    }
    match global.format {
        Format::Csv => output::text(&replay.csv()),
        Format::Json => output::text(&replay.json()),
        Format::Text => output::text(&replay.text(&summary_options())),
    }
}

/// Losses to replay, and the events that they are from if they are those of a run.
struct Losses {
    observations: Vec<Observation>,
    events: Option<Vec<Event>>,
}

impl Losses {
    /// From the directory of a run, or from a table.
    fn read(path: &Path, plan: &Plan) -> Result<Self, CliError> {
        let asks = controller(plan)?.asks();
        if path.is_dir() {
            let events = Run::history(path)?;
            let observations = observations(&events, asks)?;
            return Ok(Self { observations, events: Some(events) });
        }
        if asks != Asks::default() {
            let message = format!(
                "{}: a table has losses only, and the recipe's controller looks at gradients or moments: give the directory of a run",
                path.display()
            );
            return Err(CliError::Usage(message));
        }
        let text = std::fs::read_to_string(path).map_err(CliError::reading(path))?;
        Ok(Self { observations: read_losses(&path.display().to_string(), &text)?, events: None })
    }
}

fn controller(plan: &Plan) -> Result<Box<dyn rheostat_control::Controller>, CliError> {
    plan.controller().map_err(|error| CliError::Usage(error.to_string()))
}

fn replay(plan: &Plan, seen: &[Observation]) -> Result<Replay, CliError> {
    let mut replay = Replay::new(controller(plan)?.as_mut(), seen)?;
    for (_, spec) in &plan.controllers {
        if let ControllerSpec::Autowu(spec) = spec
            && let Ok(mut warm_up) = spec.resolve(&plan.setting.frame, plan.setting.seed)
        {
            replay = replay.with_warm_up(&mut warm_up, seen);
        }
    }
    Ok(replay)
}

/// What the automated warm-up of a recorded run looked at, if it has one; nothing if its rates are not those that this program
/// would have decided.
pub(crate) fn of_run(run: &Run) -> Result<Option<Replay>, CliError> {
    let plan = recorded_recipe(&run.path, &run.manifest.recipe, &[])?.plan(run.manifest.samples)?;
    if !plan.controllers.iter().any(|(_, spec)| matches!(spec, ControllerSpec::Autowu(_))) {
        return Ok(None);
    }
    let Losses { observations, events } = Losses::read(&run.path, &plan)?;
    let replay = replay(&plan, &observations)?;
    Ok(events.is_some_and(|events| replay.departure(&events).is_none()).then_some(replay))
}

fn recorded_recipe(path: &Path, text: &str, sets: &[(String, String)]) -> Result<Recipe, CliError> {
    let name = path.join("manifest.json").display().to_string();
    Ok(Recipe::read(&RecipeText { name: &name, text, sets, resolved: true }, WORKLOADS)?)
}

fn write(path: &Path, replay: &Replay, name: &str) -> Result<(), CliError> {
    let bytes = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => replay.svg(Theme::Light).into_bytes(),
        Some("png") => replay.png(Theme::Light, 2.0)?,
        Some("html") => replay.html(name, provenance::PROGRAM)?.into_bytes(),
        Some("csv") => replay.csv().into_bytes(),
        Some("json") => replay.json().into_bytes(),
        _ => {
            let message =
                format!("{}: the ending says what is written: .svg, .png, .html, .csv or .json", path.display());
            return Err(CliError::Usage(message));
        }
    };
    std::fs::write(path, bytes).map_err(CliError::writing(path))
}
