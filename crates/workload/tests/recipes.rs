//! Every default recipe is a recipe: it reads, it resolves, and it describes the workload it stands for.

use std::path::Path;

use rheostat_record::{Recipe, RecipeText};
use rheostat_workload::WORKLOADS;

#[test]
fn every_default_recipe_reads_and_resolves_for_its_dataset() {
    for facts in WORKLOADS {
        let text = format!("workload = {:?}", facts.name);
        let text = RecipeText { name: facts.name, text: &text, sets: &[], resolved: false };
        let recipe = Recipe::read(&text, WORKLOADS).unwrap_or_else(|error| panic!("{}: {error}", facts.name));
        assert_eq!((recipe.target.metric.as_str(), recipe.target.value), (facts.metric.name, facts.target));
        recipe.plan(facts.samples).unwrap_or_else(|error| panic!("{}: {error}", facts.name));
    }
}

#[test]
fn only_the_default_workload_trains_without_data() {
    let embedded: Vec<_> = WORKLOADS.iter().filter(|facts| facts.dataset.is_none()).map(|facts| facts.name).collect();
    assert_eq!(embedded, ["digits-mlp"]);
    assert_eq!(WORKLOADS[0].name, "digits-mlp");
}

#[test]
fn every_recipe_of_the_project_reads_and_resolves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
    let mut count = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let (name, text) = (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
            let text = RecipeText { name: &name, text: &text, sets: &[], resolved: false };
            let recipe = Recipe::read(&text, WORKLOADS).unwrap_or_else(|error| panic!("{error}"));
            recipe.plan(recipe.workload.samples).unwrap_or_else(|error| panic!("{error}"));
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}
