use std::path::PathBuf;

use rheostat_record::{Recipe, RecipeText};
use rheostat_workload::WORKLOADS;

use crate::arguments::{Global, RecipeArguments};
use crate::error::CliError;

/// What `rheostat train` trains when nothing is named.
const EMBEDDED: &str = "workload = \"digits-mlp\"\n";

/// Reads the recipe that the arguments name, with their changes.
pub(crate) fn read(arguments: &RecipeArguments) -> Result<Recipe, CliError> {
    read_with(arguments, &[])
}

/// The same with further changes, which count last.
pub(crate) fn read_with(arguments: &RecipeArguments, more: &[(String, String)]) -> Result<Recipe, CliError> {
    let (name, text) = match &arguments.recipe {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(CliError::reading(path))?;
            (path.display().to_string(), text)
        }
        None => ("embedded recipe".to_owned(), EMBEDDED.to_owned()),
    };
    let mut sets = changes(arguments);
    sets.extend_from_slice(more);
    Ok(Recipe::read(&RecipeText { name: &name, text: &text, sets: &sets, resolved: false }, WORKLOADS)?)
}

/// What the arguments change in a recipe, as keys with values.
pub(crate) fn changes(arguments: &RecipeArguments) -> Vec<(String, String)> {
    let mut sets = arguments.sets.clone();
    sets.extend(arguments.seed.map(|seed| ("seed".to_owned(), seed.to_string())));
    sets
}

/// The folder with the datasets: the argument, else the environment, else `./data`.
pub(crate) fn data(global: &Global) -> PathBuf {
    let told = global.data.clone().or_else(|| std::env::var_os("RHEOSTAT_DATA").map(PathBuf::from));
    told.unwrap_or_else(|| PathBuf::from("data"))
}
