//! One page, in itself whole, of any number of runs.

mod figures;
mod named;
mod sections;
mod tile;

use askama::Template;
use rheostat_record::Run;

use crate::Replay;
use crate::ReportError;
use crate::chart::{Chart, Palette, palette};
use crate::number::unbroken;
use crate::view::{View, side_by_side};
use crate::words;
use figures::Figure;
pub(crate) use named::{Charted, Named, Picture, Shown, named};
use sections::{Account, Cell, Environment, Happening, Recipe, Row};
pub(crate) use tile::Tile;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    subline: String,
    about: String,
    style: String,
    script: &'static str,
    single: bool,
    tiles: Vec<Tile>,
    columns: Vec<Cell>,
    rows: Vec<Row>,
    legend: Vec<Named>,
    figures: Vec<Figure>,
    explained: Vec<Explained>,
    constant: Vec<(String, String)>,
    accounts: Vec<Account>,
    happenings: Vec<Happening>,
    happenings_left_out: usize,
    recipes: Vec<Recipe>,
    environment: Environment,
    program: String,
}

/// What explains the decisions of a run.
struct Explained {
    run: String,
    title: String,
    shown: Shown,
}

/// A page of one run, or of several compared: self-contained, with nothing to fetch, for light and dark, for wide and narrow
/// screens, readable without JavaScript. All text of the runs is escaped.
///
/// # Errors
/// [`ReportError::Empty`] if there is no run.
pub fn html(runs: &[Run]) -> Result<String, ReportError> {
    html_with(runs, &[])
}

/// The same, with what the controllers of some runs looked at: a replay of a run's observations, beside the run's place in `runs`.
///
/// # Errors
/// As [`html`].
pub fn html_with(runs: &[Run], replays: &[(usize, Replay)]) -> Result<String, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::Empty { what: "run" });
    }
    let views = side_by_side(runs);
    let (columns, rows) = sections::table(&views);
    let (happenings, happenings_left_out) = sections::happenings(&views);
    let page = Page {
        title: unbroken(&words::headline(&views)),
        subline: unbroken(&words::subline(&views)),
        about: sections::about(&views),
        style: style(),
        script: include_str!("../../templates/script.js"),
        single: views.len() == 1,
        tiles: sections::tiles(&views),
        columns,
        rows,
        legend: figures::runs_legend(&views),
        figures: figures::all(&views),
        explained: explained(&views, replays),
        constant: sections::constant(&views),
        accounts: sections::accounts(&views),
        happenings,
        happenings_left_out,
        recipes: sections::recipes(&views),
        environment: sections::environment(&views),
        program: runs.first().map(|run| run.manifest.program.clone()).unwrap_or_default(),
    };
    Ok(page.render()?)
}

/// One chart of a page against updates, with several runs in it if there are: `metric`, `training_loss`, `validation_loss`,
/// `gradient_norm`, or a hyperparameter by its name.
///
/// # Errors
/// [`ReportError::Empty`] if there is no run, [`ReportError::Chart`] if there is no such chart.
pub fn chart_of(runs: &[Run], name: &str) -> Result<Chart, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::Empty { what: "run" });
    }
    figures::named_chart(&side_by_side(runs), name)
}

fn explained(views: &[View<'_>], replays: &[(usize, Replay)]) -> Vec<Explained> {
    let explained = |(at, (run, replay)): (usize, &(usize, Replay))| {
        let run = views.get(*run)?.id().to_owned();
        Some(Explained { run, title: unbroken(&replay.title()), shown: replay.explanation(&format!("replay-{at}")) })
    };
    replays.iter().enumerate().filter_map(explained).collect()
}

/// The style that all pages share.
pub(crate) fn style() -> String {
    let variables = |theme: Palette| palette::variables(theme);
    format!(
        ":root{{{}}}@media(prefers-color-scheme:dark){{:root{{{}}}}}{}{}",
        variables(palette::LIGHT),
        variables(palette::DARK),
        palette::STYLE,
        include_str!("../../templates/style.css"),
    )
}
