//! From texts to one checked tree: key defaults, the workload's recipe, the user's file, the command line.

use std::sync::Arc;

use rheostat_control::Hyperparameter;

use super::check;
use super::diagnostic::{Findings, nearest};
use super::keys::RECIPE_KEYS;
use super::node::{Entry, Node, Value};
use super::source::{Origin, Source};
use crate::WorkloadFacts;

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

/// Parses, merges and checks. The tree is there unless no workload could be found.
pub(crate) fn merge<'w>(
    recipe: &RecipeText<'_>,
    workloads: &'w [WorkloadFacts],
    findings: &mut Findings,
) -> Option<(Node, &'w WorkloadFacts)> {
    let user = Node::parse(&source(recipe.name, recipe.text), findings);
    let sets: Vec<(Vec<&str>, Node)> = recipe
        .sets
        .iter()
        .map(|(key, value)| {
            let node = Node::parse_value(&source(&format!("--set {key}"), value), findings);
            (key.split('.').collect(), node)
        })
        .collect();
    let named = sets.iter().rev().find(|(path, _)| path[..] == ["workload"]).map(|(_, node)| node);
    let facts = workload(&user, named, workloads, findings)?;

    let mut tree = Node::parse(&source("defaults", &key_defaults()), findings);
    if !recipe.resolved {
        let name = format!("default recipe of {}", facts.name);
        overlay(&mut tree, Node::parse(&source(&name, facts.recipe), findings));
    }
    let user_origin = user.origin.clone();
    let sets_optimizer = sets.iter().any(|(path, _)| path[..] == ["optimizer"] || path[..] == ["optimizer", "method"]);
    if user.get("optimizer").is_some() || sets_optimizer {
        // These were chosen for the default's optimizer and go with it.
        for which in [Hyperparameter::Momentum, Hyperparameter::Beta2, Hyperparameter::WeightDecay] {
            remove(&mut tree, which.name());
        }
    }
    overlay(&mut tree, user);
    tree.origin = user_origin;
    for (path, node) in sets {
        tree.insert_at(&path, node, findings);
    }
    settle_optimizer_constants(&mut tree, findings);
    check::recipe(&tree, findings);
    Some((tree, facts))
}

fn source(name: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { name: name.to_owned(), text: text.to_owned() })
}

fn key_defaults() -> String {
    let defaults = RECIPE_KEYS.iter().filter_map(|key| Some(format!("{} = {}\n", key.name, key.default?)));
    defaults.collect()
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

/// A constant may stand at the top or in `[optimizer]`. What the user wrote displaces a default in the other place; two by the
/// same hand contradict each other.
fn settle_optimizer_constants(tree: &mut Node, findings: &mut Findings) {
    for which in Hyperparameter::ALL {
        let name = which.name();
        let (Some(above), Some(within)) = (tree.entry(name), tree.get("optimizer").and_then(|table| table.entry(name)))
        else {
            continue;
        };
        let default = |entry: &Entry| entry.key_origin.source.name.starts_with("default");
        match (default(above), default(within)) {
            (true, false) => remove(tree, name),
            (false, true) => {
                if let Value::Table(entries) = &mut tree.value {
                    entries
                        .iter_mut()
                        .filter(|entry| entry.key == "optimizer")
                        .for_each(|entry| remove(&mut entry.node, name));
                }
            }
            _ => {
                let message = format!("{name} is given twice: at the top and in [optimizer]");
                findings.add(&within.key_origin.clone(), message, Some("keep one".into()));
            }
        }
    }
}

fn remove(table: &mut Node, key: &str) {
    if let Value::Table(entries) = &mut table.value {
        entries.retain(|entry| entry.key != key);
    }
}
