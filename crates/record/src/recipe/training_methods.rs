//! `methods = [...]`: training methods by name.
//!
//! A method that is a name for a hyperparameter becomes that hyperparameter's entry in the tree, a number or a schedule, before
//! anything else reads it: pictures, cycles and records need not know methods. The others stay in the list.

use rheostat_control::{TRAINING_METHODS, TrainingMethod, TrainingMethodSpec};
use rheostat_schedule::ScheduleSpec;
use serde::Deserialize;

use super::check;
use super::text::is_default;
use crate::WorkloadFacts;
use crate::document::{Entry, Findings, Node, Value};

/// The key of the list.
pub(super) const KEY: &str = "methods";

/// What is known elsewhere and is no method here, with the reason.
const REFUSED: [(&str, &str); 1] = [(
    "channels_last",
    "channels_last is nothing to choose here: the layers keep channels last in memory on the CPU, and a GPU backend chooses its \
     own layout",
)];

/// Two that exclude each other.
const POLICIES: [&str; 2] = ["randaugment", "autoaugment"];

/// Checks names, keys, types and ranges.
pub(super) fn check(node: &Node, findings: &mut Findings) {
    let Value::Array(items) = &node.value else {
        let message = format!("{KEY} = {} is {}, not a list", node.display(), node.kind());
        return findings.add(&node.origin, message, Some("write methods = [\"mixup\"]".to_owned()));
    };
    let mut seen: Vec<&str> = Vec::new();
    for item in items {
        let origin = item.origin_of("method");
        let Some(name) = name_of(item) else {
            let message = format!("{} is {}, neither a name nor a table with a method", item.display(), item.kind());
            findings.add(&item.origin, message, Some("write { method = \"mixup\", alpha = 0.2 }".to_owned()));
            continue;
        };
        if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            findings.add(origin, *why, Some(format!("leave it out; docs/methods/{name}.md says more")));
            continue;
        }
        // The tables of methods are checked as all others are, and a name is a table with nothing else in it.
        let Some(method) = check::method(&as_table(item), TRAINING_METHODS, findings) else { continue };
        check::table(item, method, method.parameters.iter().collect(), &[], findings);
        if seen.contains(&method.name) {
            findings.add(origin, format!("{} is named twice", method.name), Some("keep one".to_owned()));
        }
        seen.push(method.name);
        if POLICIES.contains(&method.name) && POLICIES.iter().all(|policy| seen.contains(policy)) {
            let message = format!("{} and {} are two policies for the same images", POLICIES[0], POLICIES[1]);
            findings.add(origin, message, Some("keep one".to_owned()));
        }
    }
}

/// Turns methods that are names for a hyperparameter into its entry, and refuses what the workload does not have.
pub(super) fn expand(tree: &mut Node, facts: &WorkloadFacts, findings: &mut Findings) {
    if !findings.is_empty() {
        return;
    }
    let Some(list) = tree.take(KEY) else { return };
    let mut staying = Vec::new();
    for item in list.node.items() {
        let Some(spec) = spec(item, findings) else { continue };
        let name = spec.name();
        for error in spec.check().err().unwrap_or_default() {
            findings.add(item.origin_of(error.field()), format!("{name}.{error}"), None);
        }
        let sets = spec.schedule();
        let supported = match &sets {
            Some((which, _)) => facts.knobs.contains(which),
            None => facts.methods.contains(&name),
        };
        if !supported {
            findings.add(&item.origin, format!("{} has no {name}", facts.name), None);
            continue;
        }
        let Some((which, schedule)) = sets else {
            staying.push(item.clone());
            continue;
        };
        // What the user wrote displaces a default under the other name; two by the same hand contradict each other.
        match tree.entry(which.name()).map(|entry| (is_default(entry), is_default(&list))) {
            Some((false, true)) => {}
            Some((of_the_entry, of_the_list)) if of_the_entry == of_the_list => {
                let message = format!("{which} is given twice: as the method {name} and as a value of its own");
                findings.add(&item.origin, message, Some("keep one".to_owned()));
            }
            _ => match entry(which.name(), &schedule, item) {
                Ok(entry) => tree.insert(entry),
                Err(error) => findings.add(&item.origin, format!("{name}: {error}"), None),
            },
        }
    }
    if !staying.is_empty() {
        let node = Node { value: Value::Array(staying), origin: list.node.origin };
        tree.insert(Entry { node, ..list });
    }
}

/// The methods that stayed in the list.
pub(super) fn read(tree: &Node, findings: &mut Findings) -> Vec<TrainingMethodSpec> {
    let items = tree.get(KEY).map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| spec(item, findings)).collect()
}

fn name_of(item: &Node) -> Option<&str> {
    item.text().or_else(|| item.get("method").and_then(Node::text))
}

/// The item in its long form.
fn as_table(item: &Node) -> Node {
    if item.text().is_none() {
        return item.clone();
    }
    let entry = Entry { key: "method".to_owned(), key_origin: item.origin.clone(), node: item.clone() };
    Node { value: Value::Table(vec![entry]), origin: item.origin.clone() }
}

fn spec(item: &Node, findings: &mut Findings) -> Option<TrainingMethodSpec> {
    match TrainingMethodSpec::deserialize(as_table(item).to_toml()) {
        Ok(spec) => Some(spec),
        Err(error) => {
            findings.add(&item.origin, format!("{KEY}: {}", error.message().trim()), None);
            None
        }
    }
}

/// A hyperparameter as a recipe has it, a number where it stays.
fn entry(key: &str, schedule: &ScheduleSpec, item: &Node) -> Result<Entry, toml::ser::Error> {
    let value = match schedule {
        ScheduleSpec::Constant(constant) if *schedule == ScheduleSpec::from(constant.value) => {
            toml::Value::Float(constant.value)
        }
        moving => toml::Value::try_from(moving)?,
    };
    let node = Node::derived(value, &item.origin);
    Ok(Entry { key: key.to_owned(), key_origin: item.origin.clone(), node })
}
