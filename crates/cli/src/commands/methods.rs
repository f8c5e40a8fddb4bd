use rheostat_control::{
    AVERAGING, CONTROLLERS, Hyperparameter, LINE_SEARCHES, OPTIMIZERS, TRAINING_METHODS, controllers_of,
    line_searches_of,
};
use rheostat_record::RECIPE_KEYS;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{COMMON, METHODS};
use serde_json::{Value, json};

use crate::arguments::{Format, Global};
use crate::error::CliError;
use crate::output;

pub(crate) fn run(name: Option<&str>, global: &Global) -> Result<(), CliError> {
    let feedback = || CONTROLLERS.iter().chain(LINE_SEARCHES);
    let all = || METHODS.iter().chain(feedback()).chain(OPTIMIZERS).chain(AVERAGING).chain(TRAINING_METHODS);
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
                for (name, parameter) in parameters(method) {
                    let mut row = vec![family(method).to_owned(), method.name.to_owned(), name];
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

/// A method's own parameters, then the common ones that it does not replace, each under the key it has in the method's table.
fn parameters(method: &Method) -> Vec<(String, &'static Parameter)> {
    let own = method.parameters;
    let common = if method.family == Family::Schedule { COMMON } else { &[] };
    let common = common.iter().filter(|common| own.iter().all(|parameter| parameter.name != common.name));
    own.iter().chain(common).flat_map(|parameter| with_nested("", parameter)).collect()
}

/// A parameter, and those of the table that it holds.
fn with_nested(place: &str, parameter: &'static Parameter) -> Vec<(String, &'static Parameter)> {
    let name = format!("{place}{}", parameter.name);
    let (place, nested) = match parameter.kind {
        Kind::Table(nested) => (format!("{name}."), nested),
        Kind::Tables(nested) => (format!("{name}[]."), nested),
        _ => (String::new(), &[][..]),
    };
    let nested = nested.iter().flat_map(|parameter| with_nested(&place, parameter));
    std::iter::once((name, parameter)).chain(nested).collect()
}

fn family(method: &Method) -> &'static str {
    match method.family {
        Family::Schedule => "schedule",
        Family::Optimizer => "optimizer",
        Family::Controller => "controller",
        Family::LineSearch => "line search",
        Family::Averaging => "averaging",
        Family::TrainingMethod => "training method",
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

fn cells(parameter: &Parameter) -> [String; 4] {
    [kind(parameter), default(parameter).to_owned(), parameter.range.to_owned(), parameter.unit.to_owned()]
}

fn described(method: &Method) -> Value {
    let parameters: Vec<Value> = parameters(method)
        .into_iter()
        .map(|(name, parameter)| {
            json!({
                "name": name, "type": kind(parameter), "default": parameter.default, "required": parameter.required,
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
    rows.extend(parameters(method).into_iter().map(|(name, parameter)| {
        let mut row = vec![name];
        row.extend(cells(parameter));
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
    text.push_str("\nEach of these takes a number, a schedule, or what sets it from what it sees:\n");
    let feedback = |which| controllers_of(which).chain(line_searches_of(which)).map(|method| method.name);
    let rows =
        Hyperparameter::ALL.map(|which| vec![format!("  {which}"), feedback(which).collect::<Vec<_>>().join(", ")]);
    text.push_str(&output::table(&rows));
    text.push_str("\nOther keys of a recipe:\n");
    let keys = RECIPE_KEYS.iter();
    let rows: Vec<_> = keys
        .map(|key| vec![format!("  {}", key.name), kind(key), default(key).to_owned(), key.help.to_owned()])
        .collect();
    text.push_str(&output::table(&rows));
    text
}
