use rheostat_control::{Hyperparameter, OPTIMIZERS};
use rheostat_record::RECIPE_KEYS;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{COMMON, METHODS};
use serde_json::{Value, json};

use crate::arguments::{Format, Global};
use crate::error::CliError;
use crate::output;

pub(crate) fn run(name: Option<&str>, global: &Global) -> Result<(), CliError> {
    let all = || METHODS.iter().chain(OPTIMIZERS);
    let chosen: Vec<&Method> = all().filter(|method| name.is_none_or(|name| method.name == name)).collect();
    if chosen.is_empty() {
        let known: Vec<_> = all().map(|method| method.name).collect();
        return Err(CliError::Usage(format!("no method {}; known: {}", name.unwrap_or_default(), known.join(", "))));
    }
    match global.format {
        Format::Json => output::json(&chosen.iter().map(|method| described(method)).collect::<Vec<_>>()),
        Format::Csv => {
            let head = ["family", "method", "parameter", "type", "default", "range", "unit", "source"];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            for method in &chosen {
                for parameter in parameters(method) {
                    let mut row = vec![family(method).to_owned(), method.name.to_owned()];
                    row.extend(cells(parameter));
                    row.push(parameter.source.to_owned());
                    rows.push(row);
                }
            }
            output::text(&output::csv(&rows))
        }
        Format::Text if name.is_some() => output::text(&chosen.iter().map(|method| page(method)).collect::<String>()),
        Format::Text => output::text(&overview(&chosen)),
    }
}

/// A method's own parameters, then the common ones that it does not replace.
fn parameters(method: &Method) -> impl Iterator<Item = &'static Parameter> {
    let own = method.parameters;
    let common = if method.family == Family::Schedule { COMMON } else { &[] };
    own.iter().chain(common.iter().filter(move |common| own.iter().all(|parameter| parameter.name != common.name)))
}

fn family(method: &Method) -> &'static str {
    match method.family {
        Family::Schedule => "schedule",
        Family::Optimizer => "optimizer",
        Family::Controller => "controller",
        Family::LineSearch => "line search",
    }
}

fn kind(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Number => "number".into(),
        Kind::Integer => "integer".into(),
        Kind::Boolean => "boolean".into(),
        Kind::Text => "text".into(),
        Kind::Span => "span".into(),
        Kind::Spans => "spans".into(),
        Kind::Numbers => "numbers".into(),
        Kind::Choice(choices) => choices.join(" | "),
        Kind::Pair => "[low, high]".into(),
        Kind::Schedule => "schedule".into(),
        Kind::Parts => "schedules".into(),
        Kind::Table(_) => "table".into(),
        Kind::Tables(_) => "tables".into(),
    }
}

fn default(parameter: &Parameter) -> &'static str {
    parameter.default.unwrap_or(if parameter.required { "required" } else { "" })
}

fn cells(parameter: &Parameter) -> [String; 5] {
    [
        parameter.name.to_owned(),
        kind(parameter),
        default(parameter).to_owned(),
        parameter.range.to_owned(),
        parameter.unit.to_owned(),
    ]
}

fn described(method: &Method) -> Value {
    let parameters: Vec<Value> = parameters(method)
        .map(|parameter| {
            json!({
                "name": parameter.name, "type": kind(parameter), "default": parameter.default, "required": parameter.required,
                "range": parameter.range, "unit": parameter.unit, "source": parameter.source, "help": parameter.help,
            })
        })
        .collect();
    json!({
        "name": method.name, "family": family(method), "summary": method.summary, "reference": method.reference,
        "parameters": parameters,
    })
}

fn page(method: &Method) -> String {
    let mut rows = vec![["parameter", "type", "default", "range", "unit", "what"].map(str::to_owned).to_vec()];
    rows.extend(parameters(method).map(|parameter| {
        let mut row = cells(parameter).to_vec();
        row.push(parameter.help.to_owned());
        row
    }));
    format!(
        "{} ({})\n{}\n{}\n\n{}\n",
        method.name,
        family(method),
        method.summary,
        method.reference,
        output::table(&rows)
    )
}

fn overview(methods: &[&Method]) -> String {
    let mut text = String::new();
    let mut rows = Vec::new();
    for method in methods {
        rows.push(vec![format!("  {}", method.name), family(method).to_owned(), method.summary.to_owned()]);
    }
    text.push_str("Methods (rheostat methods NAME shows one with its parameters):\n");
    text.push_str(&output::table(&rows));
    text.push_str("\nEach of these takes a number or a schedule: ");
    text.push_str(&Hyperparameter::ALL.map(Hyperparameter::name).join(", "));
    text.push_str("\n\nOther keys of a recipe:\n");
    let keys = RECIPE_KEYS.iter();
    let rows: Vec<_> = keys
        .map(|key| vec![format!("  {}", key.name), kind(key), default(key).to_owned(), key.help.to_owned()])
        .collect();
    text.push_str(&output::table(&rows));
    text
}
