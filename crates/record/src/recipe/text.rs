//! From texts to one checked tree: key defaults, the workload's recipe, the user's file, the command line.

use rheostat_control::Hyperparameter;

use super::check;
use super::keys::RECIPE_KEYS;
use super::training_methods;
use crate::WorkloadFacts;
use crate::document::{Entry, Node, Value};
use crate::document::{Findings, nearest};
use crate::document::{Origin, Source};

/// What a recipe is put together from.
#[derive(Debug, Clone, Copy)]
pub struct RecipeText<'a> {
    /// How messages call the text: the path as given.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// `--set KEY=VALUE`, in order: the dotted key and the value as TOML, else as text.
    pub sets: &'a [(String, String)],
    /// Whether the text is already resolved, as in a manifest: then no workload's defaults are added.
    pub resolved: bool,
}

/// The user's tree and the values that count after it, each under its dotted key.
pub(crate) fn parse(recipe: &RecipeText<'_>, findings: &mut Findings) -> (Node, Vec<(String, Node)>) {
    let user = Node::parse(&Source::new(recipe.name, recipe.text), findings);
    let set = |(key, value): &(String, String)| {
        (key.clone(), Node::parse_value(&Source::new(&format!("--set {key}"), value), findings))
    };
    (user, recipe.sets.iter().map(set).collect())
}

/// Merges and checks. The tree is there unless no workload could be found.
pub(crate) fn merge<'w>(
    user: Node,
    sets: Vec<(String, Node)>,
    resolved: bool,
    workloads: &'w [WorkloadFacts],
    findings: &mut Findings,
) -> Option<(Node, &'w WorkloadFacts)> {
    let named = sets.iter().rev().find(|(path, _)| path == "workload").map(|(_, node)| node);
    let facts = workload(&user, named, workloads, findings)?;

    let mut tree = Node::parse(&Source::new("defaults", &key_defaults()), findings);
    if !resolved {
        let name = format!("default recipe of {}", facts.name);
        overlay(&mut tree, Node::parse(&Source::new(&name, facts.recipe), findings));
    }
    let user_origin = user.origin.clone();
    let sets_optimizer = sets.iter().any(|(path, _)| path == "optimizer" || path == "optimizer.method");
    if user.get("optimizer").is_some() || sets_optimizer {
        // These were chosen for the default's optimizer and go with it.
        for which in [Hyperparameter::Momentum, Hyperparameter::Beta2, Hyperparameter::WeightDecay] {
            tree.take(which.name());
        }
    }
    overlay(&mut tree, user);
    tree.origin = user_origin;
    for (path, node) in sets {
        tree.insert_at(&path.split('.').collect::<Vec<_>>(), node, findings);
    }
    settle_optimizer_constants(&mut tree, findings);
    check::recipe(&tree, findings);
    training_methods::expand(&mut tree, facts, findings);
    Some((tree, facts))
}

fn key_defaults() -> String {
    let defaults = RECIPE_KEYS.iter().filter_map(|key| Some(format!("{} = {}\n", key.name, key.default?)));
    defaults.collect()
}

/// The tree without the plain keys that are at their defaults.
pub(crate) fn without_defaults(tree: &Node) -> Node {
    let mut told = tree.clone();
    let defaults = Node::parse(&Source::new("defaults", &key_defaults()), &mut Findings::default());
    for default in defaults.entries() {
        if told.get(&default.key).is_some_and(|node| node.to_toml() == default.node.to_toml()) {
            told.take(&default.key);
        }
    }
    told
}

fn workload<'w>(
    user: &Node,
    set: Option<&Node>,
    workloads: &'w [WorkloadFacts],
    findings: &mut Findings,
) -> Option<&'w WorkloadFacts> {
    let names: Vec<_> = workloads.iter().map(|facts| facts.name).collect();
    let Some(node) = set.or_else(|| user.get("workload")) else {
        let help = Some(format!("known: {}", names.join(", ")));
        findings.add(&Origin { span: 0..0, ..user.origin.clone() }, "no workload is named", help);
        return None;
    };
    let found = workloads.iter().find(|facts| Some(facts.name) == node.text());
    if found.is_none() {
        let message = format!("unknown workload {}", node.display());
        findings.add(&node.origin, message, nearest(node.text().unwrap_or_default(), &names));
    }
    found
}

/// Tables replace tables whole, plain keys one by one.
fn overlay(tree: &mut Node, over: Node) {
    if let Value::Table(entries) = over.value {
        for entry in entries {
            tree.insert(entry);
        }
    }
}

/// Whether nobody wrote it for this run.
pub(super) fn is_default(entry: &Entry) -> bool {
    entry.key_origin.source.name.starts_with("default")
}

/// A constant may stand at the top or in `[optimizer]`. What the user wrote displaces a default in the other place; two by the
/// same hand contradict each other.
fn settle_optimizer_constants(tree: &mut Node, findings: &mut Findings) {
    for which in Hyperparameter::ALL {
        let name = which.name();
        let (Some(above), Some(within)) = (tree.entry(name), tree.get("optimizer").and_then(|table| table.entry(name)))
        else {
            continue;
        };
        match (is_default(above), is_default(within)) {
            (true, false) => drop(tree.take(name)),
            (false, true) => {
                if let Value::Table(entries) = &mut tree.value {
                    entries
                        .iter_mut()
                        .filter(|entry| entry.key == "optimizer")
                        .for_each(|entry| drop(entry.node.take(name)));
                }
            }
            _ => {
                let message = format!("{name} is given twice: at the top and in [optimizer]");
                findings.add(&within.key_origin.clone(), message, Some("keep one".into()));
            }
        }
    }
}
