use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use rheostat_workload::data::{DATASETS, Report, State, fetch, verify};

use crate::arguments::{Data, Format, Global};
use crate::error::{CliError, exit};
use crate::{output, recipes};

pub(crate) fn run(command: &Data, global: &Global) -> Result<u8, CliError> {
    match command {
        Data::List => list(global),
        Data::Fetch { names, from } => fetch_all(names, from.as_deref(), global),
        Data::Verify { names } => verify_all(names, global),
    }
}

fn words(state: &State) -> String {
    match state {
        State::Original => "original".to_owned(),
        State::Subset { contents } => format!("known subset: {contents}"),
        State::Unknown { contents, .. } => format!("unknown sum: {contents}"),
        State::Missing => "not here".to_owned(),
        State::Damaged { problem } => format!("damaged: {problem}"),
    }
}

fn list(global: &Global) -> Result<u8, CliError> {
    let data = recipes::data(global);
    let mut rows = vec![["dataset", "size", "here", "what", "licence"].map(str::to_owned).to_vec()];
    for dataset in DATASETS {
        let bytes: u64 = dataset.files.iter().map(|file| file.bytes).sum();
        let here = dataset.files.iter().all(|file| dataset.path(&data, file).exists());
        rows.push(vec![
            dataset.name.to_owned(),
            if bytes == 0 { "embedded".to_owned() } else { format!("{:.1} MB", bytes as f64 / 1e6) },
            if here { "yes" } else { "no" }.to_owned(),
            dataset.summary.to_owned(),
            dataset.licence.to_owned(),
        ]);
    }
    print(&rows, global)?;
    Ok(exit::DONE)
}

fn print(rows: &[Vec<String>], global: &Global) -> Result<(), CliError> {
    match global.format {
        Format::Text => output::text(&output::table(rows)),
        Format::Csv => output::text(&output::csv(rows)),
        Format::Json => {
            let objects: Vec<serde_json::Map<_, _>> = rows[1..]
                .iter()
                .map(|row| rows[0].iter().cloned().zip(row.iter().map(|cell| cell.as_str().into())).collect())
                .collect();
            output::json(&objects)
        }
    }
}

fn fetch_all(names: &[String], from: Option<&str>, global: &Global) -> Result<u8, CliError> {
    let data = recipes::data(global);
    for name in names {
        let bar = ProgressBar::hidden();
        if std::io::stderr().is_terminal() {
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")
        {
            bar.set_style(style);
        }
        let paths = fetch(name, &data, from, &mut |progress| {
            bar.set_message(progress.file);
            bar.set_length(progress.total);
            bar.set_position(progress.received);
        })?;
        bar.finish_and_clear();
        for path in paths {
            output::text(&format!("{}\n", path.display()))?;
        }
    }
    Ok(exit::DONE)
}

fn verify_all(names: &[String], global: &Global) -> Result<u8, CliError> {
    let data = recipes::data(global);
    let named = |name: &str| names.is_empty() || names.iter().any(|known| known == name);
    for name in names {
        rheostat_workload::data::Dataset::find(name)?;
    }
    let mut rows = vec![["dataset", "file", "state"].map(str::to_owned).to_vec()];
    let mut bad = false;
    for dataset in DATASETS.iter().filter(|dataset| named(dataset.name)) {
        for Report { path, state } in verify(dataset.name, &data)? {
            // Asked for by name, a missing file is a failure; in a look over everything it is not.
            bad |= matches!(state, State::Damaged { .. }) || (state == State::Missing && !names.is_empty());
            rows.push(vec![dataset.name.to_owned(), path.display().to_string(), words(&state)]);
        }
    }
    print(&rows, global)?;
    Ok(if bad { exit::DATA } else { exit::DONE })
}
