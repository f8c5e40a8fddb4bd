//! Checks a tree against the parameters that methods declare: keys, types, choices and ranges.

use rheostat_control::{
    AVERAGING, CONTROLLERS, Hyperparameter, LINE_SEARCHES, OPTIMIZERS, controllers_of, line_searches_of,
};
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{COMMON, METHODS, Span};

use super::{keys, training_methods};
use crate::document::{Entry, Node, Value};
use crate::document::{Findings, nearest};

/// Checks what a recipe's text says, before anything is merged or resolved.
pub(crate) fn recipe(root: &Node, findings: &mut Findings) {
    for entry in root.entries() {
        match entry.key.as_str() {
            "optimizer" => {
                of_family("optimizer", "adamw", OPTIMIZERS, &entry.node, findings);
                let paths = entry.node.get("adamw").and_then(|beside| beside.get("paths"));
                paths.filter(|paths| paths.text().is_some()).into_iter().for_each(|paths| path(paths, findings));
            }
            "averaging" => of_family("averaging", "ema", AVERAGING, &entry.node, findings),
            training_methods::KEY => training_methods::check(&entry.node, findings),
            "target" => target(&entry.node, findings),
            "group" => groups(&entry.node, findings),
            key => match (Hyperparameter::from_name(key), keys::parameter(key)) {
                (Some(which), _) => hyperparameter(which, &entry.node, findings),
                (None, Some(parameter)) => value(&entry.node, parameter, findings),
                (None, None) => unknown(entry, &keys::names(), findings),
            },
        }
    }
}

fn unknown(entry: &Entry, known: &[&str], findings: &mut Findings) {
    findings.add(&entry.key_origin, format!("unknown key {}", entry.key), nearest(&entry.key, known));
}

fn target(node: &Node, findings: &mut Findings) {
    let one_number = match node.entries() {
        [entry] => matches!(entry.node.value, Value::Integer(_) | Value::Float(_)),
        _ => false,
    };
    if !one_number {
        let help = Some("write target = { METRIC = NUMBER }".to_owned());
        findings.add(&node.origin, format!("target = {} is not one metric with a number", node.display()), help);
    }
}

fn groups(node: &Node, findings: &mut Findings) {
    let Value::Array(groups) = &node.value else {
        findings.add(
            &node.origin,
            format!("group is {}, not a list of tables", node.kind()),
            Some("write [[group]]".into()),
        );
        return;
    };
    for group in groups {
        if group.get("path").is_none() {
            findings.add(&group.origin, "the group has no path", Some("path is a regular expression".into()));
        }
        for entry in group.entries() {
            match (entry.key.as_str(), Hyperparameter::from_name(&entry.key)) {
                ("path", _) => path(&entry.node, findings),
                (name, _) if name == keys::RATE_FACTOR.name => rate_factor(group, &entry.node, findings),
                (_, Some(which)) if keys::GROUP.contains(&which) => {
                    number_or(which, &entry.node, findings, |node, findings| match named_feedback(node) {
                        Some(method) => {
                            let what = if method.family == Family::LineSearch { "line search" } else { "controller" };
                            let message = format!("{} is a {what} of the whole run, not of a group", method.name);
                            findings.add(node.origin_of("method"), message, Some("a group takes schedules".to_owned()));
                        }
                        None => schedule(node, findings),
                    });
                }
                (_, Some(which)) => {
                    let allowed: Vec<_> = keys::GROUP.iter().map(|which| which.name()).collect();
                    let help = Some(format!("a group may set: {}", allowed.join(", ")));
                    findings.add(&entry.key_origin, format!("{which} is one for the whole run, not for a group"), help);
                }
                (_, None) => {
                    let mut known: Vec<_> = keys::GROUP.iter().map(|which| which.name()).collect();
                    known.extend(["path", keys::RATE_FACTOR.name]);
                    unknown(entry, &known, findings);
                }
            }
        }
    }
}

fn rate_factor(group: &Node, node: &Node, findings: &mut Findings) {
    value(node, &keys::RATE_FACTOR, findings);
    if group.get(Hyperparameter::LearningRate.name()).is_some() {
        let message = "the group has a learning_rate of its own and a rate_factor for the model's";
        findings.add(&node.origin, message, Some("leave one of them out".to_owned()));
    }
}

fn path(node: &Node, findings: &mut Findings) {
    match node.text() {
        None => findings.add(&node.origin, format!("path is {}, not a text", node.kind()), None),
        Some(text) => {
            if let Err(error) = regex::Regex::new(text) {
                let why = error.to_string().lines().last().unwrap_or_default().to_owned();
                findings.add(&node.origin, format!("path = \"{text}\" is no regular expression: {why}"), None);
            }
        }
    }
}

/// The method that a table names; a finding if it names none.
pub(super) fn method(
    node: &Node,
    methods: impl IntoIterator<Item = &'static Method>,
    findings: &mut Findings,
) -> Option<&'static Method> {
    let methods: Vec<_> = methods.into_iter().collect();
    let names: Vec<_> = methods.iter().map(|method| method.name).collect();
    let Some(name) = node.get("method") else {
        findings.add(&node.origin, "no method is named", Some(format!("known: {}", names.join(", "))));
        return None;
    };
    let found = methods.iter().copied().find(|method| Some(method.name) == name.text());
    if found.is_none() {
        let shown = name.display();
        findings.add(&name.origin, format!("unknown method {shown}"), nearest(name.text().unwrap_or_default(), &names));
    }
    found
}

/// A table that names a method of one family; `example` is one of them.
fn of_family(key: &str, example: &str, methods: &'static [Method], node: &Node, findings: &mut Findings) {
    if !matches!(node.value, Value::Table(_)) {
        let help = Some(format!("write [{key}] and method = \"{example}\""));
        findings.add(&node.origin, format!("{key} = {} is {}, not a table", node.display(), node.kind()), help);
        return;
    }
    if let Some(method) = method(node, methods, findings) {
        table(node, method, method.parameters.iter().collect(), &[], findings);
    }
}

/// A number, or a table that names a schedule, a controller or a line search.
fn hyperparameter(which: Hyperparameter, node: &Node, findings: &mut Findings) {
    number_or(which, node, findings, |node, findings| match named_feedback(node) {
        Some(method) if feedback_of(which).any(|known| known.name == method.name) => {
            table(node, method, method.parameters.iter().collect(), &[], findings);
        }
        Some(method) => {
            let governs = Hyperparameter::ALL.into_iter();
            let governs = governs.filter(|other| feedback_of(*other).any(|known| known.name == method.name));
            let governs: Vec<_> = governs.map(Hyperparameter::name).collect();
            let (message, help) = match which.acts_on_batches() {
                true => (
                    format!("{} cannot set {which}: batches are assembled ahead of their updates", method.name),
                    format!("give {which} a number or a schedule"),
                ),
                false => (format!("{} cannot set {which}", method.name), format!("it sets: {}", governs.join(", "))),
            };
            findings.add(node.origin_of("method"), message, Some(help));
        }
        None => match &node.value {
            Value::Table(_) => {
                let shape = method(node, METHODS.iter().chain(feedback_of(which)), findings);
                shape.iter().for_each(|shape| schedule_parameters(node, shape, &[], findings));
            }
            _ => schedule(node, findings),
        },
    });
}

/// What can set this hyperparameter by what it sees of the run.
fn feedback_of(which: Hyperparameter) -> impl Iterator<Item = &'static Method> {
    controllers_of(which).chain(line_searches_of(which))
}

/// The controller or line search that a table names.
pub(super) fn named_feedback(node: &Node) -> Option<&'static Method> {
    let name = node.get("method").and_then(Node::text)?;
    CONTROLLERS.iter().chain(LINE_SEARCHES).find(|method| method.name == name)
}

fn number_or(which: Hyperparameter, node: &Node, findings: &mut Findings, table: impl Fn(&Node, &mut Findings)) {
    let number = match node.value {
        Value::Integer(integer) => integer as f64,
        Value::Float(float) => float,
        _ => return table(node, findings),
    };
    if which.check(number).is_err() {
        findings.add(&node.origin, format!("{which} = {} is out of range: {}", node.display(), which.range()), None);
    }
}

fn schedule(node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Integer(_) | Value::Float(_) => {}
        Value::Table(_) => schedule_table(node, &[], findings),
        _ => findings.add(
            &node.origin,
            format!("{} is {}, neither a number nor a table with a method", node.display(), node.kind()),
            Some("write a number, or { method = \"cosine\", peak = 1e-3 }".into()),
        ),
    }
}

fn schedule_table(node: &Node, besides: &[&str], findings: &mut Findings) {
    if let Some(method) = method(node, METHODS, findings) {
        schedule_parameters(node, method, besides, findings);
    }
}

fn schedule_parameters(node: &Node, method: &Method, besides: &[&str], findings: &mut Findings) {
    // A method's own parameter stands before a common one of the same name.
    let common = COMMON.iter().filter(|common| method.parameter(common.name).is_none());
    table(node, method, method.parameters.iter().chain(common).collect(), besides, findings);
}

pub(super) fn table(
    node: &Node,
    method: &Method,
    parameters: Vec<&Parameter>,
    besides: &[&str],
    findings: &mut Findings,
) {
    let besides: Vec<_> = besides.iter().copied().chain(["method"]).collect();
    entries(node, method.name, &parameters, &besides, findings);
}

/// A table without a method.
fn fields(node: &Node, name: &str, parameters: &[Parameter], findings: &mut Findings) {
    entries(node, name, &parameters.iter().collect::<Vec<_>>(), &[], findings);
}

fn entries(node: &Node, name: &str, parameters: &[&Parameter], besides: &[&str], findings: &mut Findings) {
    for entry in node.entries() {
        let key = entry.key.as_str();
        if besides.contains(&key) {
            continue;
        }
        match parameters.iter().find(|parameter| parameter.name == key) {
            Some(parameter) => value(&entry.node, parameter, findings),
            None => {
                let known: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
                findings.add(&entry.key_origin, format!("{name} has no parameter {key}"), nearest(key, &known));
            }
        }
    }
    for parameter in parameters.iter().filter(|parameter| parameter.required) {
        if node.get(parameter.name).is_none() {
            findings.add(&node.origin, format!("{name} needs {}: {}", parameter.name, parameter.help), None);
        }
    }
}

fn value(node: &Node, parameter: &Parameter, findings: &mut Findings) {
    match parameter.kind {
        Kind::Number => number(node, parameter, findings),
        Kind::Integer => match node.value {
            Value::Integer(_) => number(node, parameter, findings),
            _ => wrong_type(node, parameter, "a whole number", findings),
        },
        Kind::Boolean => {
            if !matches!(node.value, Value::Boolean(_)) {
                wrong_type(node, parameter, "true or false", findings);
            }
        }
        Kind::Text => {
            if node.text().is_none() {
                wrong_type(node, parameter, "a text", findings);
            }
        }
        Kind::Span => span(node, parameter, findings),
        Kind::Spans => match &node.value {
            Value::Array(items) => items.iter().for_each(|item| span(item, parameter, findings)),
            _ => wrong_type(node, parameter, "a list of spans", findings),
        },
        Kind::Numbers => match &node.value {
            Value::Array(items) => items.iter().for_each(|item| number(item, parameter, findings)),
            _ => wrong_type(node, parameter, "a list of numbers", findings),
        },
        Kind::Pair => match &node.value {
            Value::Array(items) if items.len() == 2 => items.iter().for_each(|item| number(item, parameter, findings)),
            _ => wrong_type(node, parameter, "two numbers, [low, high]", findings),
        },
        Kind::Choice(choices) => choice(node, parameter, choices, findings),
        Kind::Schedule => schedule(node, findings),
        Kind::Parts => parts(node, parameter, findings),
        Kind::Table(parameters) => match &node.value {
            Value::Table(_) => fields(node, parameter.name, parameters, findings),
            _ => wrong_type(node, parameter, "a table", findings),
        },
        Kind::Tables(parameters) => match &node.value {
            Value::Array(items) => items.iter().for_each(|item| match &item.value {
                Value::Table(_) => fields(item, parameter.name, parameters, findings),
                _ => wrong_type(item, parameter, "a table", findings),
            }),
            _ => wrong_type(node, parameter, "a list of tables", findings),
        },
    }
}

fn wrong_type(node: &Node, parameter: &Parameter, wanted: &str, findings: &mut Findings) {
    let message = format!("{} = {} is {}, not {wanted}", parameter.name, node.display(), node.kind());
    findings.add(&node.origin, message, None);
}

fn number(node: &Node, parameter: &Parameter, findings: &mut Findings) {
    let number = match node.value {
        Value::Integer(integer) => integer as f64,
        Value::Float(float) => float,
        _ => return wrong_type(node, parameter, "a number", findings),
    };
    if !parameter.accepts(number) {
        out_of_range(node, parameter, findings);
    }
}

fn out_of_range(node: &Node, parameter: &Parameter, findings: &mut Findings) {
    let message = format!("{} = {} is out of range: {}", parameter.name, node.display(), parameter.range);
    findings.add(&node.origin, message, None);
}

fn span(node: &Node, parameter: &Parameter, findings: &mut Findings) {
    match &node.value {
        Value::Text(text) => match text.parse::<Span>() {
            Ok(span) if parameter.accepts(span.amount()) => {}
            Ok(_) => out_of_range(node, parameter, findings),
            Err(error) => findings.add(&node.origin, format!("{}: {error}", parameter.name), None),
        },
        Value::Integer(_) | Value::Float(_) => {
            let message = format!("{} = {} has no unit", parameter.name, node.display());
            let help = format!(
                "write \"{0} steps\", \"{0} epochs\", \"{0} samples\" or, as a share, \"10 %\"",
                node.display()
            );
            findings.add(&node.origin, message, Some(help));
        }
        _ => wrong_type(node, parameter, "a span such as \"500 steps\" or \"10 %\"", findings),
    }
}

fn choice(node: &Node, parameter: &Parameter, choices: &[&str], findings: &mut Findings) {
    // Some choices are numbers: warmup_first = 1, phases = 2.
    let given = node.text().map_or_else(|| node.display(), str::to_owned);
    if !choices.contains(&given.as_str()) {
        let message = format!("{} = {} is none of: {}", parameter.name, node.display(), choices.join(", "));
        let help = nearest(&given, choices).filter(|help| help.starts_with("did"));
        findings.add(&node.origin, message, help);
    }
}

fn parts(node: &Node, parameter: &Parameter, findings: &mut Findings) {
    let Value::Array(items) = &node.value else {
        return wrong_type(node, parameter, "a list of schedules", findings);
    };
    const ENDS: [Parameter; 2] = [
        Parameter::new("for", Kind::Span, "how long the part lasts"),
        Parameter::new("until", Kind::Span, "where the part ends"),
    ];
    for item in items {
        for end in &ENDS {
            item.get(end.name).into_iter().for_each(|node| span(node, end, findings));
        }
        schedule_table(item, &ENDS.map(|end| end.name), findings);
    }
}
