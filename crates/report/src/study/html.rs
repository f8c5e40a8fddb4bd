//! The page of a study.

use askama::Template;

use super::Study;
use super::budget::{self, Spending};
use super::clock::Clock;
use super::curves::{self, Curves};
use super::environment::{self, Fact};
use super::field::Field;
use super::places::{self, Place};
use super::quality::{self, Quality};
use super::strips::{self, Strips};
use super::sweep;
use super::{finding, list, matrix, profile};
use crate::ReportError;
use crate::chart::palette::REST;
use crate::html::{Named, Picture, Tile, named, style};
use crate::number::{capital, count, duration, percent, plural, spoken, unbroken};

#[derive(Template)]
#[template(path = "study.html")]
struct Page {
    title: String,
    subline: String,
    about: String,
    style: String,
    script: &'static str,
    warnings: Vec<String>,
    tiles: Vec<Tile>,
    clocks: Vec<Choice>,
    legend: Vec<Named>,
    sections: Vec<Section>,
    curves: Vec<Curves>,
    qualities: Vec<Quality>,
    failures: Table,
    failures_left_out: usize,
    facts: Vec<Fact>,
    grids: Vec<String>,
    rules: String,
    program: String,
}

/// A clock that the page can be read by.
struct Choice {
    class: &'static str,
    name: &'static str,
    first: bool,
}

impl Choice {
    fn new(study: &Study<'_>, clock: Clock) -> Self {
        Self { class: clock.class(), name: clock.spoken(), first: clock == study.clock() }
    }
}

/// One ruleset.
struct Section {
    id: usize,
    heading: Option<String>,
    /// With one workload times say more than scores.
    times_first: bool,
    note: String,
    intervals: String,
    views: Vec<ByClock>,
    sweeps: Vec<sweep::Shown>,
    spending: Vec<Spending>,
    points: Table,
    points_left_out: usize,
}

/// What one clock says.
struct ByClock {
    class: &'static str,
    by: &'static str,
    places: Vec<Place>,
    matrix_title: String,
    matrix: Table,
    strips: Vec<Strips>,
    profile: Option<Picture>,
}

/// A table with a submission at the head of each line.
pub(super) struct Table {
    pub(super) columns: Vec<Cell>,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) submission: Named,
    pub(super) cells: Vec<Cell>,
}

#[derive(Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) class: &'static str,
    pub(super) detail: String,
}

pub(super) fn cell(text: impl Into<String>, class: &'static str) -> Cell {
    Cell { text: text.into(), class, detail: String::new() }
}

impl Cell {
    /// What stands below in small letters.
    pub(super) fn detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }
}

impl Table {
    /// Without the columns in which nothing is.
    pub(super) fn useful(mut self) -> Self {
        let used = |column: usize| {
            self.lines.iter().any(|line| line.cells.get(column).is_some_and(|cell| !cell.text.is_empty()))
        };
        let keep: Vec<bool> = (0..self.columns.len()).map(used).collect();
        let kept = |cells: &mut Vec<Cell>| {
            let mut keep = keep.iter();
            cells.retain(|_| keep.next().copied().unwrap_or(true));
        };
        kept(&mut self.columns);
        self.lines.iter_mut().for_each(|line| kept(&mut line.cells));
        self
    }
}

/// A page of a study: self-contained, with nothing to fetch, for light and dark, for wide and narrow screens, readable without
/// JavaScript. All text of the trials and runs is escaped.
///
/// # Errors
/// [`ReportError::Empty`] if there is no trial.
pub fn html(study: &Study<'_>) -> Result<String, ReportError> {
    let Some(first) = study.rows.first() else { return Err(ReportError::Empty { what: "trial" }) };
    let (failures, failures_left_out) = list::failed(study);
    let page = Page {
        title: unbroken(&finding::headline(study)),
        subline: unbroken(&finding::subline(study)),
        about: about(study),
        style: style() + include_str!("../../templates/study.css"),
        script: include_str!("../../templates/script.js"),
        warnings: finding::warnings(study),
        tiles: tiles(study),
        clocks: study.clocks().into_iter().map(|clock| Choice::new(study, clock)).collect(),
        legend: legend(study),
        sections: study.fields.iter().enumerate().map(|(id, field)| section(study, field, id)).collect(),
        curves: curves::all(study),
        qualities: quality::all(study),
        failures,
        failures_left_out,
        facts: environment::facts(study),
        grids: environment::grids(study),
        rules: study.rules_text.to_owned(),
        program: first.program.clone(),
    };
    Ok(page.render()?)
}

fn section(study: &Study<'_>, field: &Field<'_>, id: usize) -> Section {
    let (points, points_left_out) = list::points(study, field);
    let view = |clock: Clock| ByClock {
        class: clock.class(),
        by: clock.spoken(),
        places: places::all(study, field, clock),
        matrix_title: matrix::title(field, clock),
        matrix: matrix::table(study, field, clock),
        strips: strips::all(study, field, clock),
        profile: profile::picture(study, field, clock, &format!("profile-{id}-{}", clock.name())),
    };
    Section {
        id,
        heading: (study.fields.len() > 1).then(|| capital(&spoken(field.ruleset))),
        times_first: field.workloads.len() == 1,
        note: matrix::note(field),
        intervals: finding::intervals(field),
        views: study.clocks().into_iter().map(view).collect(),
        sweeps: sweep::all(study, field, id),
        spending: budget::all(study, field),
        points,
        points_left_out,
    }
}

/// Which submission has which colour; those without one together.
fn legend(study: &Study<'_>) -> Vec<Named> {
    let mut names: Vec<&str> = Vec::new();
    for name in study.fields.iter().flat_map(|field| field.submissions.iter()) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let (coloured, rest): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| study.colour(name) != REST);
    let mut legend: Vec<Named> = coloured.iter().map(|name| named(name, study.colour(name), false)).collect();
    if !rest.is_empty() {
        legend.push(named(&format!("{} others", rest.len()), REST, false));
    }
    if legend.len() > 1 { legend } else { Vec::new() }
}

fn about(study: &Study<'_>) -> String {
    let distinct = |of: fn(&rheostat_score::TrialRow) -> &str| {
        let mut values: Vec<&str> = study.rows.iter().map(of).collect();
        values.sort_unstable();
        values.dedup();
        values.len() as u64
    };
    let studies = study.fields.iter().flat_map(|field| &field.rows).map(|row| row.study);
    let studies = studies.collect::<std::collections::BTreeSet<u64>>().len() as u64;
    format!(
        "{} · {} · {} · {} · {}",
        study.name,
        plural(distinct(|row| &row.submission), "submission"),
        plural(distinct(|row| &row.workload), "workload"),
        if studies == 1 { "1 study".to_owned() } else { format!("{} studies", count(studies)) },
        plural(study.rows.len() as u64, "trial"),
    )
}

fn tiles(study: &Study<'_>) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let trials = study.rows.len();
    let met = study.rows.iter().filter(|row| study.clock().time(row).is_finite()).count();
    let failures = list::failures(study).len();
    let missing = study.planned.saturating_sub(trials);
    let (value, detail) = match missing {
        0 => (count(trials as u64), "all that were planned".to_owned()),
        _ => (format!("{trials} of {}", study.planned), format!("{missing} still to come")),
    };
    tiles.push(Tile::new("Trials", value, detail));
    tiles.push(Tile::new("Target met", format!("{met} of {trials}"), "trials, at any time").bad_if(met == 0));
    let detail = if failures == 0 { "every trial came to its end" } else { "listed below" };
    tiles.push(Tile::new("Failures", count(failures as u64), detail).bad_if(failures > 0));
    let sum = |of: fn(&rheostat_score::TrialRow) -> f64| {
        study.rows.iter().map(of).filter(|seconds| seconds.is_finite() && *seconds > 0.0).sum::<f64>()
    };
    let (training, other) = (sum(|row| row.train_s), sum(|row| row.eval_s) + sum(|row| row.record_s));
    let detail = format!("and {} of evaluation and recording, {}", duration(other), percent(other, training + other));
    tiles.push(Tile::new("Training in all", duration(training), detail));
    tiles
}
