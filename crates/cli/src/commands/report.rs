use std::path::{Path, PathBuf};

use rheostat_record::Run;
use rheostat_score::Clock;

use crate::arguments::{Global, Report};
use crate::error::CliError;
use crate::output::Picture;
use crate::studies::Show;
use crate::{output, studies};

use super::train::summary_options;

pub(crate) fn run(arguments: &Report, global: &Global) -> Result<(), CliError> {
    let clock = arguments.clock.as_deref().map(Clock::named).transpose();
    let clock = clock.map_err(|source| CliError::Score { path: None, source })?;
    if let [folder] = &arguments.runs[..]
        && let Some((study, rows)) = studies::open(folder)?
    {
        without_chart(arguments)?;
        let page = arguments.output.clone().unwrap_or_else(|| folder.join("report.html"));
        return studies::report(&study, &rows, folder, &page, Show::Scores(clock), global);
    }
    if clock.is_some() {
        return Err(CliError::Usage("--clock goes with the folder of one study".to_owned()));
    }
    let runs = arguments.runs.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
    let page = arguments.output.clone().unwrap_or_else(|| arguments.runs[0].join("report.html"));
    if let Some(picture) = Picture::of(&page) {
        let chart = rheostat_report::chart_of(&runs, arguments.chart.as_deref().unwrap_or("metric"))?;
        std::fs::write(&page, picture.bytes(&chart)?).map_err(CliError::writing(&page))?;
        eprintln!("wrote {}", page.display());
        return Ok(());
    }
    without_chart(arguments)?;
    let pages = write(&runs, &page, arguments.tensorboard)?;
    for run in &runs {
        output::text(&rheostat_report::summary(run, &summary_options()))?;
    }
    for page in pages {
        eprintln!("wrote {}", page.display());
    }
    Ok(())
}

/// A page has every chart.
fn without_chart(arguments: &Report) -> Result<(), CliError> {
    match arguments.chart {
        Some(_) => Err(CliError::Usage("--chart goes with runs and -o FILE.svg or FILE.png".to_owned())),
        None => Ok(()),
    }
}

/// Writes the page, and TensorBoard events beside each run if asked; gives the paths.
pub(crate) fn write(runs: &[Run], page: &Path, tensorboard: bool) -> Result<Vec<PathBuf>, CliError> {
    let replayed = |(index, run)| Some((index, super::replay::of_run(run).ok()??));
    let replays: Vec<_> = runs.iter().enumerate().filter_map(replayed).collect();
    std::fs::write(page, rheostat_report::html_with(runs, &replays)?).map_err(CliError::writing(page))?;
    let mut written = vec![page.to_owned()];
    if tensorboard {
        for run in runs {
            let path = run.path.join(format!("events.out.tfevents.{}.rheostat", run.manifest.started));
            std::fs::write(&path, rheostat_report::tensorboard(run)).map_err(CliError::writing(&path))?;
            written.push(path);
        }
    }
    Ok(written)
}
