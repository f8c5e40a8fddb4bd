use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rheostat_record::Recipe;
use rheostat_score::{Clock, Quality, TradeoffMode, TradeoffOptions};
use toml::{Table, Value};

use super::bench;
use crate::arguments::{Global, RecipeArguments, Tradeoff as Asked};
use crate::error::{CliError, exit};
use crate::recipes;
use crate::studies::{self, Show};

/// What of a recipe holds for every run of a tradeoff, whatever its method.
const OF_THE_RUNS: [&str; 7] =
    ["evaluate_every", "checkpoint_every", "keep_checkpoints", "target", "time_limit", "spent_limit", "test"];

pub(crate) fn run(asked: &Asked, global: &Global) -> Result<u8, CliError> {
    let options = TradeoffOptions {
        clock: Clock::named(&asked.clock).map_err(named)?,
        quality: Quality::named(&asked.quality).map_err(named)?,
        baseline: asked.baseline.clone(),
        ..TradeoffOptions::default()
    };
    let show = Show::Curves(&options);
    if let [table] = &asked.files[..]
        && table.extension().is_some_and(|extension| extension == "csv")
    {
        return of_table(table, asked, &options, global);
    }
    if !asked.points.is_empty() {
        let (text, files) = of_recipes(asked)?;
        let include = |name: &str| files.get(name).cloned().ok_or(std::io::ErrorKind::NotFound.into());
        let study = studies::read_with("command line", &text, &include)?;
        return bench::carry_out(&study, None, &asked.running, show, global);
    }
    let [path] = &asked.files[..] else {
        return Err(CliError::Usage(
            "give the points of the curves, --points \"1 epochs,2 epochs,4 epochs\", or one study file with [tradeoff]"
                .to_owned(),
        ));
    };
    let text = std::fs::read_to_string(path).map_err(CliError::reading(path))?;
    if text.parse::<Table>().is_ok_and(|table| !table.contains_key("submission")) {
        return Err(CliError::Usage(format!(
            "{}: a recipe needs the points of its curve: --points \"1 epochs,2 epochs,4 epochs\"",
            path.display()
        )));
    }
    let study = studies::read(&path.display().to_string(), &text)?;
    if study.tradeoff.is_none() {
        return Err(CliError::Usage(format!(
            "{}: the study has no [tradeoff]; write [tradeoff] and points = [\"1 epochs\", \"2 epochs\", \"4 epochs\"]",
            path.display()
        )));
    }
    if asked.seeds.is_some() || !asked.mode.is_empty() || !asked.recipe_changes.is_empty() {
        return Err(CliError::Usage(
            "a study file says its own studies, modes and changes: leave those arguments out".to_owned(),
        ));
    }
    bench::carry_out(&study, Some(path), &asked.running, show, global)
}

fn named(source: rheostat_score::ScoreError) -> CliError {
    CliError::Score { path: None, source }
}

/// Draws what stands in a table of read-outs.
fn of_table(table: &Path, asked: &Asked, options: &TradeoffOptions, global: &Global) -> Result<u8, CliError> {
    let folder = asked.running.out.clone();
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder).map_err(CliError::writing(folder))?;
    }
    let name = table.parent().and_then(Path::file_name).unwrap_or(table.as_os_str()).to_string_lossy();
    studies::curves((&name, 0), &studies::rows(table)?, None, folder.as_deref(), options, global)?;
    Ok(exit::DONE)
}

/// The study of these recipes, each a method; and the recipes by the names that the study calls them.
fn of_recipes(asked: &Asked) -> Result<(String, BTreeMap<String, String>), CliError> {
    let paths: Vec<Option<&PathBuf>> =
        if asked.files.is_empty() { vec![None] } else { asked.files.iter().map(Some).collect() };
    let mut files = BTreeMap::new();
    let (mut submissions, mut of_runs): (Vec<(String, Table)>, _) = (Vec::new(), Table::new());
    let mut first: Option<(String, Recipe)> = None;
    for path in paths {
        let arguments = RecipeArguments { recipe: path.cloned(), sets: asked.recipe_changes.clone(), seed: asked.seed };
        let recipe = recipes::read(&arguments)?;
        let file = path.map_or("embedded recipe".to_owned(), |path| path.display().to_string());
        let method = path.and_then(|path| path.file_stem()).map_or("digits-mlp".into(), |stem| stem.to_string_lossy());
        if let Some((other, with)) = &first
            && with.workload.name != recipe.workload.name
        {
            return Err(CliError::Usage(format!(
                "{file} trains {}, {other} {}: the curves of one tradeoff are of one workload",
                recipe.workload.name, with.workload.name
            )));
        }
        let resolved: Table = recipe.to_toml().parse().map_err(|error| CliError::Usage(format!("{file}: {error}")))?;
        for key in OF_THE_RUNS {
            let Some(value) = resolved.get(key) else { continue };
            match of_runs.insert(key.to_owned(), value.clone()) {
                Some(other) if other != *value => {
                    return Err(CliError::Usage(format!(
                        "{key} is {value} in {file} and {other} before: it must be the same for every method"
                    )));
                }
                _ => {}
            }
        }
        // As it was written, so that errors have their place; with changes from the command line there is no such text.
        let text = match path.filter(|_| arguments.sets.is_empty() && arguments.seed.is_none()) {
            Some(path) => std::fs::read_to_string(path).map_err(CliError::reading(path))?,
            None => recipe.to_toml(),
        };
        files.insert(file.clone(), text);
        let own = Table::from_iter([("recipe".to_owned(), Value::String(file.clone()))]);
        if submissions.iter().any(|(known, _)| *known == method) {
            return Err(CliError::Usage(format!(
                "two recipes are called {method}: the name of the file is that of the method"
            )));
        }
        submissions.push((method.into_owned(), own));
        first.get_or_insert((file, recipe));
    }
    let Some((_, recipe)) = first else { return Err(CliError::Usage("no recipe is given".to_owned())) };
    let name = format!("tradeoff-{}", submissions.first().map_or("", |(name, _)| name));
    let study = Table::from_iter([
        ("name".to_owned(), Value::String(name)),
        ("studies".to_owned(), Value::Integer(i64::from(asked.seeds.unwrap_or(1)))),
        ("seed".to_owned(), Value::Integer(recipe.seed.cast_signed())),
        ("tradeoff".to_owned(), Value::Table(points(asked))),
        ("recipe".to_owned(), Value::Table(of_runs)),
        (
            "workload".to_owned(),
            Value::Table(Table::from_iter([(recipe.workload.name.to_owned(), Table::new().into())])),
        ),
    ]);
    // A table sorts its keys; the methods are to stay in the order in which they were named.
    let methods = submissions.into_iter().map(|(name, own)| {
        let one = Table::from_iter([(name, Value::Table(own))]);
        Table::from_iter([("submission".to_owned(), Value::Table(one))]).to_string()
    });
    Ok((study.to_string() + "\n" + &methods.collect::<Vec<_>>().join("\n"), files))
}

fn points(asked: &Asked) -> Table {
    let text = |text: String| Value::String(text);
    let mut found = Table::new();
    let points = asked.points.iter().map(|point| text(point.to_string()));
    found.insert("points".to_owned(), Value::Array(points.collect()));
    if !asked.mode.is_empty() {
        let modes = asked.mode.iter().map(|mode| text(TradeoffMode::from(*mode).name().to_owned()));
        found.insert("modes".to_owned(), Value::Array(modes.collect()));
    }
    found.extend(asked.peak_decay.map(|decay| ("peak_decay".to_owned(), Value::Float(decay))));
    found.extend(asked.rewarm.map(|span| ("rewarm".to_owned(), text(span.to_string()))));
    if !asked.stay.is_empty() {
        found.insert("stay".to_owned(), Value::Array(asked.stay.iter().cloned().map(text).collect()));
    }
    found
}
