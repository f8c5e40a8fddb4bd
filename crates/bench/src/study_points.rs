//! What differs between the trials of a submission: `[submission.NAME.search]`, `points` or `[submission.NAME.grid]`.

use rheostat_record::document::{Entry, Findings, Node, Value, nearest};

use crate::ruleset::{EXTERNAL_TUNING, Ruleset, SELF_TUNING};
use crate::search::{Dimension, Values};
use crate::study::Points;

/// Takes what describes the points out of a submission's table.
pub(crate) fn points(table: &mut Node, ruleset: &Ruleset, findings: &mut Findings) -> Option<Points> {
    let found: Vec<Entry> = ["search", "points", "grid"].iter().filter_map(|key| table.take(key)).collect();
    let Some(first) = found.first() else { return Some(Points::One) };
    if ruleset.name == SELF_TUNING {
        let help = Some(format!("write ruleset = \"{EXTERNAL_TUNING}\" at the top"));
        findings.add(&first.key_origin, format!("{SELF_TUNING} has nothing to search"), help);
        return None;
    }
    if let Some(second) = found.get(1) {
        findings.add(&second.key_origin, format!("both {} and {} are given", first.key, second.key), None);
        return None;
    }
    match first.key.as_str() {
        "search" => space(&first.node, findings).map(Points::Space),
        "grid" => grid(&first.node, findings).map(Points::List),
        _ => list(&first.node, findings).map(Points::List),
    }
}

/// Keys may be written with dots as TOML does: `learning_rate.peak` in one piece or as nested tables.
fn leaves<'n>(node: &'n Node, prefix: &str, is_leaf: &dyn Fn(&Node) -> bool, found: &mut Vec<(String, &'n Node)>) {
    for entry in node.entries() {
        let key = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        if is_leaf(&entry.node) { found.push((key, &entry.node)) } else { leaves(&entry.node, &key, is_leaf, found) }
    }
}

fn flattened<'n>(node: &'n Node, is_leaf: &dyn Fn(&Node) -> bool, findings: &mut Findings) -> Vec<(String, &'n Node)> {
    let mut found = Vec::new();
    leaves(node, "", is_leaf, &mut found);
    if found.is_empty() {
        let help = Some("write \"learning_rate.peak\" = ...".to_owned());
        findings.add(&node.origin, "there is nothing to search", help);
    }
    found
}

fn space(node: &Node, findings: &mut Findings) -> Option<Vec<Dimension>> {
    let is_leaf = |node: &Node| {
        let any = |keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
        !matches!(node.value, Value::Table(_)) || any(&["low", "high", "scale", "choices"]) || node.entries().is_empty()
    };
    let found = flattened(node, &is_leaf, findings);
    let dimensions: Vec<Option<Dimension>> = found
        .into_iter()
        .map(|(key, node)| values(&key, node, findings).map(|values| Dimension { key, values }))
        .collect();
    dimensions.into_iter().collect::<Option<Vec<_>>>().filter(|dimensions| !dimensions.is_empty())
}

fn values(key: &str, node: &Node, findings: &mut Findings) -> Option<Values> {
    let known = ["low", "high", "scale", "choices"];
    for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        findings.add(&entry.key_origin, format!("unknown key {}", entry.key), nearest(&entry.key, &known));
    }
    if let Some(choices) = node.get("choices") {
        if choices.items().is_empty() {
            findings.add(&choices.origin, format!("{key} has no choices"), None);
            return None;
        }
        return Some(Values::Choices(choices.items().to_vec()));
    }
    let number = |which: &str| node.get(which).and_then(Node::number).filter(|number| number.is_finite());
    let (Some(low), Some(high)) = (number("low"), number("high")) else {
        let help = Some("write { low = 1e-4, high = 1e-1, scale = \"log\" } or { choices = [...] }".to_owned());
        findings.add(&node.origin, format!("{key} has no range"), help);
        return None;
    };
    let log = match node.get("scale").map(|scale| (scale, scale.text())) {
        None | Some((_, Some("linear"))) => false,
        Some((_, Some("log"))) => true,
        Some((scale, _)) => {
            findings.add(&scale.origin, format!("scale = {} is neither linear nor log", scale.display()), None);
            return None;
        }
    };
    if low >= high || (log && low <= 0.0) {
        let above = if log { "0 < low < high" } else { "low < high" };
        findings.add(&node.origin, format!("{key} ranges from {low} to {high}; it must be {above}"), None);
        return None;
    }
    Some(if log { Values::Log { low, high } } else { Values::Linear { low, high } })
}

fn list(node: &Node, findings: &mut Findings) -> Option<Vec<Vec<(String, Node)>>> {
    if node.items().is_empty() {
        let help = Some("write points = [{ \"learning_rate.peak\" = 1e-3 }, ...]".to_owned());
        findings.add(&node.origin, "there are no points", help);
        return None;
    }
    let is_leaf = |node: &Node| !matches!(node.value, Value::Table(_)) || node.get("method").is_some();
    let point = |item: &Node, findings: &mut Findings| {
        let found = flattened(item, &is_leaf, findings);
        found.into_iter().map(|(key, node)| (key, node.clone())).collect::<Vec<_>>()
    };
    Some(node.items().iter().map(|item| point(item, findings)).collect())
}

/// Every combination of the values of each key, the last key's changing fastest.
fn grid(node: &Node, findings: &mut Findings) -> Option<Vec<Vec<(String, Node)>>> {
    let is_leaf = |node: &Node| !matches!(node.value, Value::Table(_));
    let axes = flattened(node, &is_leaf, findings);
    let mut points = vec![Vec::new()];
    for (key, values) in axes {
        if values.items().is_empty() {
            findings.add(&values.origin, format!("{key} has no values"), Some("write a list of them".to_owned()));
            return None;
        }
        let with = |point: &Vec<(String, Node)>, value: &Node| {
            let mut longer = point.clone();
            longer.push((key.clone(), value.clone()));
            longer
        };
        points = points.iter().flat_map(|point| values.items().iter().map(move |value| with(point, value))).collect();
    }
    Some(points)
}
