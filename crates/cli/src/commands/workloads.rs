use rheostat_workload::WORKLOADS;

use crate::arguments::{Format, Global};
use crate::error::CliError;
use crate::output;

pub(crate) fn run(global: &Global) -> Result<(), CliError> {
    if global.format == Format::Json {
        return output::json(&WORKLOADS);
    }
    let head = ["workload", "parameters", "samples", "dataset", "target", "what"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for facts in WORKLOADS {
        rows.push(vec![
            facts.name.to_owned(),
            facts.parameters.to_string(),
            format!("{} {}", facts.samples, facts.sample),
            facts.dataset.unwrap_or("embedded").to_owned(),
            format!("{} {}", facts.metric.name, facts.target),
            facts.summary.to_owned(),
        ]);
    }
    output::text(&if global.format == Format::Csv { output::csv(&rows) } else { output::table(&rows) })
}
