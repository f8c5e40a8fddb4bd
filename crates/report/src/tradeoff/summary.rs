use rheostat_score::Tradeoff;

use super::grid::{Cell, Grid, Weight};
use super::{Tradeoffs, grids, missing, words};
use crate::SummaryOptions;
use crate::chart::Glyphs;
use crate::number::{plural, shortened, unbroken};
use crate::styled::{self, Line, Style};
use crate::summary::{WIDEST, wrapped};

/// Between columns.
const GAP: usize = 2;
/// Names are cut no shorter than this.
const NAME: usize = 8;
/// More missing points than these sentences are counted, not listed.
const MISSING: usize = 6;

/// What a terminal shows of tradeoff curves: the finding, the quality at each point, what it takes to reach a few qualities, how
/// far the cyclic curves are from the standard ones, and what they cost.
pub fn summary(tradeoffs: &Tradeoffs<'_>, options: &SummaryOptions) -> String {
    let width = options.width.clamp(40, WIDEST);
    let mut lines = vec![head(tradeoffs, width)];
    lines.extend(paragraph(&words::headline(tradeoffs), "", Style::Bold, width));
    for warning in words::warnings(tradeoffs) {
        lines.extend(paragraph(&warning, "! ", Style::Warn, width));
    }
    for tradeoff in &tradeoffs.all {
        if tradeoffs.all.len() > 1 {
            let best = words::best(tradeoff).unwrap_or_else(|| tradeoff.workload.clone());
            lines.push(Line::new());
            lines.extend(paragraph(&best, "", Style::Bold, width));
        }
        lines.extend(of(tradeoffs, tradeoff, width));
    }
    styled::render(&lines, options.colour, options.glyphs == Glyphs::Ascii)
}

fn head(tradeoffs: &Tradeoffs<'_>, width: usize) -> Line {
    let there = tradeoffs.rows.len();
    let (read_outs, style) = match tradeoffs.planned {
        planned if planned > there => (format!("{there} of {}", plural(planned as u64, "read-out")), Style::Warn),
        _ => (plural(there as u64, "read-out"), Style::Muted),
    };
    let mut line = Line::text(shortened(tradeoffs.name, width.saturating_sub(read_outs.len() + 2)), Style::Bold);
    line.pad(width - read_outs.chars().count());
    line.push(read_outs, style);
    line
}

fn of(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let sentences = missing::sentences(tradeoff);
    for sentence in sentences.iter().take(MISSING) {
        lines.extend(paragraph(sentence, "! ", Style::Warn, width));
    }
    if sentences.len() > MISSING {
        let more = format!("{} are missing.", plural((sentences.len() - MISSING) as u64, "more curve"));
        lines.extend(paragraph(&more.replace("curves", "curves or parts of them"), "! ", Style::Warn, width));
    }
    let sentences = words::ahead(tradeoff).into_iter().chain(words::cost(tradeoff)).chain(words::gap(tradeoff));
    for sentence in sentences {
        lines.extend(paragraph(&sentence, "", Style::Plain, width));
    }
    let grids = [grids::qualities(tradeoff), grids::reaches(tradeoff), grids::averages(tradeoff)];
    for grid in grids.iter().flatten() {
        lines.extend(table(tradeoffs, grid, width));
    }
    lines.extend(paragraph(&words::intervals(tradeoff), "", Style::Muted, width));
    lines
}

/// Words with a sign before the first line. A word longer than a line is cut.
fn paragraph(text: &str, sign: &str, style: Style, width: usize) -> Vec<Line> {
    let indent = sign.chars().count();
    let line = |(index, part): (usize, &String)| {
        let sign = if index == 0 { sign.to_owned() } else { " ".repeat(indent) };
        Line::text(sign, style).with(shortened(part, width - indent), style)
    };
    wrapped(&unbroken(text), width - indent).iter().enumerate().map(line).collect()
}

/// In as many blocks of columns as the width takes.
fn table(tradeoffs: &Tradeoffs<'_>, grid: &Grid, width: usize) -> Vec<Line> {
    let letters = |text: &str| text.chars().count();
    let own = |column: usize| grid.lines.iter().filter_map(move |line| line.cells.get(column));
    // Of every column: its number's width, and that of what follows it, which is left out where both are too wide for a line.
    let most = (width - 4).saturating_sub(NAME + GAP);
    let sizes: Vec<(usize, usize)> = (0..grid.columns.len())
        .map(|column| {
            let head = grid.columns.get(column).map_or(0, |head| letters(head));
            let text = own(column).map(|cell| letters(&cell.text)).chain([head]).max().unwrap_or(0).min(most);
            let detail = own(column).map(|cell| letters(&detailed(cell))).max().unwrap_or(0);
            (text, if text + detail > most { 0 } else { detail })
        })
        .collect();
    let widest = sizes.iter().map(|(text, detail)| GAP + text + detail).max().unwrap_or(0);
    let names: Vec<String> = grid.lines.iter().map(super::grid::Line::name).collect();
    let name = names.iter().map(|name| letters(name)).chain([letters(&grid.across)]).max().unwrap_or(0);
    let name = name.min((width - 4).saturating_sub(widest).clamp(NAME, 36));
    let mut lines = vec![Line::new()];
    lines.extend(paragraph(&grid.title, "", Style::Bold, width));
    let mut begin = 0;
    while begin < sizes.len() {
        let mut room = (width - 4).saturating_sub(name);
        let fits = |(text, detail): &&(usize, usize)| {
            let enough = GAP + text + detail <= room;
            room = room.saturating_sub(GAP + text + detail);
            enough
        };
        let columns = begin..begin + sizes.iter().skip(begin).take_while(fits).count().max(1);
        let mut head = Line::text(format!("    {:<name$}", shortened(&grid.across, name)), Style::Muted);
        for (title, (text, detail)) in grid.columns.iter().zip(&sizes).take(columns.end).skip(begin) {
            let title = shortened(title, *text);
            head.push(format!("{title:>at$}{:detail$}", "", at = GAP + text), Style::Muted);
        }
        lines.push(head);
        for (own, called) in grid.lines.iter().zip(&names) {
            let mut line = Line::text("  ● ", Style::Colour(tradeoffs.colour(&own.submission)));
            line.push(format!("{:<name$}", shortened(called, name)), Style::Plain);
            for (cell, (text, detail)) in own.cells.iter().zip(&sizes).take(columns.end).skip(begin) {
                let number = shortened(&cell.text, *text);
                line.push(" ".repeat(GAP + text - letters(&number)), Style::Plain);
                line.push(number, style(cell));
                line.push(
                    if *detail > 0 { format!("{:<detail$}", detailed(cell)) } else { String::new() },
                    Style::Muted,
                );
            }
            lines.push(line);
        }
        begin = columns.end;
    }
    lines
}

/// What follows a number.
fn detailed(cell: &Cell) -> String {
    match cell.detail.as_str() {
        "" => String::new(),
        detail if detail.starts_with('±') => format!(" {detail}"),
        detail => format!(" ({detail})"),
    }
}

fn style(cell: &Cell) -> Style {
    match cell.weight {
        Weight::Best => Style::Bold,
        Weight::Absent => Style::Muted,
        Weight::Plain => Style::Plain,
    }
}
