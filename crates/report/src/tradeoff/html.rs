//! The page of tradeoff curves.

use askama::Template;
use rheostat_score::{Tradeoff, TradeoffMode};

use super::figures::{self, Figure, Kind};
use super::grid::{Cell, Grid, Weight};
use super::{Tradeoffs, grids, missing, told, words};
use crate::ReportError;
use crate::chart::palette::REST;
use crate::chart::{SvgOptions, Theme};
use crate::html::{Named, Picture, Tile, named, style};
use crate::number::{capital, plural, unbroken};

#[derive(Template)]
#[template(path = "tradeoff.html")]
struct Page {
    title: String,
    subline: String,
    about: String,
    style: String,
    script: &'static str,
    warnings: Vec<String>,
    tiles: Vec<Tile>,
    legend: Vec<Named>,
    modes: Vec<&'static str>,
    workloads: Vec<Workload>,
    facts: Vec<(&'static str, String)>,
    program: String,
}

/// What one workload has.
struct Workload {
    id: usize,
    heading: Option<String>,
    missing: Vec<String>,
    sections: Vec<Section>,
}

/// A finding in sentences, with its picture and its table.
struct Section {
    heading: &'static str,
    sentences: Vec<String>,
    picture: Option<Picture>,
    grid: Option<Shown>,
    note: String,
}

/// A table with the colours of its lines.
struct Shown {
    grid: Grid,
    names: Vec<Named>,
}

impl Shown {
    fn lines(&self) -> impl Iterator<Item = (&Named, &super::grid::Line)> {
        self.names.iter().zip(&self.grid.lines)
    }
}

impl Cell {
    fn class(&self) -> &'static str {
        match self.weight {
            Weight::Plain => "number",
            Weight::Best => "number best",
            Weight::Absent => "number muted",
        }
    }
}

/// A page of tradeoff curves: self-contained, with nothing to fetch, for light and dark, for wide and narrow screens, readable
/// without JavaScript. All text of the read-outs is escaped.
///
/// # Errors
/// [`ReportError::Page`] if the page cannot be laid out, which no read-out is known to bring about.
pub fn html(tradeoffs: &Tradeoffs<'_>) -> Result<String, ReportError> {
    let page = Page {
        title: unbroken(&words::headline(tradeoffs)),
        subline: unbroken(&words::subline(tradeoffs)),
        about: about(tradeoffs),
        style: style() + include_str!("../../templates/study.css") + include_str!("../../templates/tradeoff.css"),
        script: include_str!("../../templates/script.js"),
        warnings: words::warnings(tradeoffs),
        tiles: tiles(tradeoffs),
        legend: legend(tradeoffs),
        modes: modes(tradeoffs),
        workloads: tradeoffs.all.iter().enumerate().map(|(id, one)| workload(tradeoffs, one, id)).collect(),
        facts: facts(tradeoffs),
        program: tradeoffs.rows.first().map(|row| row.program.clone()).unwrap_or_default(),
    };
    Ok(page.render()?)
}

fn workload(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff, id: usize) -> Workload {
    let figures = figures::of(tradeoffs, tradeoff);
    let picture = |kind: Kind| {
        let figure: &Figure = figures.iter().find(|figure| figure.kind == kind)?;
        let id = format!("{}-{id}", figure.stem());
        let svg = figure.svg(&SvgOptions {
            width: 720.0,
            panel_height: match kind {
                Kind::Tradeoff => 330.0,
                Kind::Cycles => 150.0,
                Kind::Improvement | Kind::Cost => 240.0,
            },
            theme: Theme::Page,
            column: 1.0,
            labelled_by: Some(id.clone()),
        });
        Some(Picture { id, title: figure.title().to_owned(), svg })
    };
    let shown = |grid: Option<Grid>| {
        let grid = grid?;
        let names = grid.lines.iter().map(|line| key(tradeoffs, &line.submission, line.mode)).collect();
        Some(Shown { grid, names })
    };
    let section = |heading, sentences: Vec<String>, kind: Option<Kind>, grid, note: String| Section {
        heading,
        sentences: sentences.iter().map(|sentence| unbroken(sentence)).collect(),
        picture: kind.and_then(picture),
        grid: shown(grid),
        note,
    };
    let intervals = words::intervals(tradeoff);
    let mut sections = vec![
        section(
            "Quality and cost",
            words::dominance(tradeoff),
            Some(Kind::Tradeoff),
            grids::qualities(tradeoff),
            format!("{} {intervals}", words::quality(tradeoff)),
        ),
        section("Cost of a quality", Vec::new(), None, grids::reaches(tradeoff), words::reaching().to_owned()),
        section(
            "Improvement over the baseline",
            words::improvements(tradeoff),
            Some(Kind::Improvement),
            grids::differences(tradeoff),
            String::new(),
        ),
        section("Cyclic beside standard", words::gaps(tradeoff), None, grids::gaps(tradeoff), String::new()),
        section("What the curves cost", words::cost(tradeoff), Some(Kind::Cost), None, String::new()),
        section("A cyclic run", Vec::new(), Some(Kind::Cycles), None, String::new()),
    ];
    sections.retain(|section| section.picture.is_some() || section.grid.is_some() || !section.sentences.is_empty());
    let heading = (tradeoffs.all.len() > 1).then(|| words::best(tradeoff).unwrap_or_else(|| tradeoff.workload.clone()));
    Workload { id, heading, missing: missing::sentences(tradeoff), sections }
}

/// A submission's colour, dashed for its cyclic curve.
fn key(tradeoffs: &Tradeoffs<'_>, submission: &str, mode: Option<TradeoffMode>) -> Named {
    let name = mode.map_or(submission.to_owned(), |mode| format!("{submission}, {}", mode.name()));
    let mut named = named(&name, tradeoffs.colour(submission), false);
    if mode == Some(TradeoffMode::Cyclic) && !named.class.ends_with(" dash") {
        named.class += " dash";
    }
    named
}

fn legend(tradeoffs: &Tradeoffs<'_>) -> Vec<Named> {
    let names = tradeoffs.submissions();
    let mut legend: Vec<Named> = names.iter().map(|name| named(name, tradeoffs.colour(name), false)).collect();
    if names.len() > 1 {
        legend.push(named("Pareto frontier", REST, false));
    }
    legend
}

fn modes(tradeoffs: &Tradeoffs<'_>) -> Vec<&'static str> {
    let has = |mode: &TradeoffMode| tradeoffs.all.iter().flat_map(|one| &one.curves).any(|curve| curve.mode == *mode);
    grids::MODES.into_iter().filter(has).map(TradeoffMode::name).collect()
}

fn about(tradeoffs: &Tradeoffs<'_>) -> String {
    let seeds: std::collections::BTreeSet<u64> = tradeoffs.rows.iter().map(|row| row.seed).collect();
    format!(
        "{} · {} · {} · {} · {}",
        tradeoffs.name,
        plural(tradeoffs.submissions().len() as u64, "submission"),
        plural(tradeoffs.all.len() as u64, "workload"),
        plural(seeds.len() as u64, "seed"),
        plural(tradeoffs.rows.len() as u64, "read-out"),
    )
}

fn tiles(tradeoffs: &Tradeoffs<'_>) -> Vec<Tile> {
    let [tradeoff] = tradeoffs.all.as_slice() else { return Vec::new() };
    let mut tiles = Vec::new();
    if let Some(ratio) = tradeoff.cost_ratio {
        let closed = tradeoff.cost_ratio_closed_form.map(|closed| told::ratio(closed, 5));
        let closed = closed.unwrap_or("not known".to_owned());
        let detail = format!("the updates of a cyclic run; {closed} by the points alone");
        tiles.push(Tile::new("Standard runs cost", format!("{} ×", told::ratio(ratio, 3)), detail));
    }
    let decimals = told::Decimals::of(tradeoff);
    let means: Vec<f64> = tradeoff.gaps.iter().filter_map(|gap| gap.difference.mean).map(|mean| mean.mean).collect();
    if let (Some(low), Some(high)) = (means.iter().copied().reduce(f64::min), means.iter().copied().reduce(f64::max)) {
        let value = match means.len() {
            1 => decimals.difference(low),
            _ => format!("{} to {}", decimals.difference(low), decimals.difference(high)),
        };
        let detail = format!("{}, on average over the points", told::quality(tradeoff));
        tiles.push(Tile::new("Cyclic minus standard", value, detail));
    }
    let cosines = || tradeoff.similarities.iter().filter_map(|similarity| similarity.cosine);
    if let (Some(low), Some(high)) = (cosines().reduce(f64::min), cosines().reduce(f64::max)) {
        let value = if cosines().count() == 1 { format!("{low:.3}") } else { format!("{low:.3} to {high:.3}") };
        tiles.push(Tile::new("Improvements alike in both modes", value, "cosine similarity"));
    }
    if tiles.len() < 2 { Vec::new() } else { tiles }
}

fn facts(tradeoffs: &Tradeoffs<'_>) -> Vec<(&'static str, String)> {
    let distinct = |of: &dyn Fn(&rheostat_score::ReadOutRow) -> String| {
        let mut values: Vec<String> = tradeoffs.rows.iter().map(of).collect();
        values.sort_unstable();
        values.dedup();
        values.iter_mut().filter(|value| value.is_empty()).for_each(|value| *value = "unknown".to_owned());
        values.join(", ")
    };
    let mut facts = vec![
        ("Processor", distinct(&|row| row.processor.clone())),
        ("Threads", distinct(&|row| row.threads.to_string())),
        ("Training samples", distinct(&|row| row.samples.to_string())),
        ("Program", distinct(&|row| row.program.clone())),
    ];
    if let Some(tradeoff) = tradeoffs.all.first() {
        facts.push(("Cost", capital(told::clock(tradeoff.clock))));
        facts.push(("Quality", capital(tradeoff.quality.name())));
    }
    facts
}
