use super::axis::{Axis, Range};
use super::canvas::{Canvas, Grain};
use super::layout::{Entry, Kind, entries, vertical};
use super::{Chart, Look, Panel, thin};
use crate::number::shortened;
use crate::styled::{self, Line, Style};

/// How a chart is drawn in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Columns, labels included.
    pub width: usize,
    /// Rows of each panel, without its labels.
    pub height: usize,
    /// Whether to write colours. Without, several series differ by their letters.
    pub colour: bool,
    /// What lines are made of.
    pub glyphs: Glyphs,
}

/// What lines in a terminal are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Braille dots and box lines.
    #[default]
    Braille,
    /// Nothing but ASCII.
    Ascii,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self { width: 80, height: 12, colour: false, glyphs: Glyphs::Braille }
    }
}

const SHAPES: &[char] = &['●', '▲', '■', '◆', '○', '△', '□', '◇'];
const LETTERS: &[char] = &['*', 'o', '+', 'x', '#', '@', '%', '&'];

impl Chart {
    /// The chart as lines of text, each ending in a newline.
    pub fn terminal(&self, options: &TerminalOptions) -> String {
        let mut lines = Vec::new();
        if !self.title.is_empty() {
            lines.push(Line::text(shortened(&self.title, options.width.max(8)), Style::Bold));
        }
        lines.extend(self.legend(options));
        lines.extend(self.plot(options));
        styled::render(&lines, options.colour, options.glyphs == Glyphs::Ascii)
    }

    fn grain(&self, options: &TerminalOptions) -> Grain {
        let line = |series: &&super::Series| series.points.iter().any(|point| point.1.is_finite());
        let several = self.panels.iter().any(|panel| drawn(panel).filter(line).nth(1).is_some());
        match (options.glyphs, several && !options.colour) {
            (Glyphs::Braille, false) => Grain::Braille,
            (Glyphs::Braille, true) => Grain::Letters(SHAPES),
            (Glyphs::Ascii, false) => Grain::Thirds,
            (Glyphs::Ascii, true) => Grain::Letters(LETTERS),
        }
    }

    fn legend(&self, options: &TerminalOptions) -> Vec<Line> {
        let grain = self.grain(options);
        let mut lines = vec![Line::new()];
        let line = |entry: &&Entry| matches!(entry.kind, Kind::Line | Kind::Dashes | Kind::Dot | Kind::Ring);
        for entry in entries(self).iter().filter(line) {
            let sign = match (grain, options.glyphs) {
                (Grain::Letters(letters), _) => letters[entry.colour % letters.len()].to_string(),
                (_, Glyphs::Braille) => "──".to_owned(),
                (_, Glyphs::Ascii) => "--".to_owned(),
            };
            let name = shortened(&entry.name, options.width.saturating_sub(8).max(8));
            let width = sign.chars().count() + 1 + name.chars().count();
            if lines.last().is_some_and(|line| line.width() > 0 && line.width() + 3 + width > options.width) {
                lines.push(Line::new());
            }
            if let Some(line) = lines.last_mut() {
                if line.width() > 0 {
                    line.push("   ", Style::Plain);
                }
                line.push(sign, Style::Colour(entry.colour));
                line.push(" ", Style::Plain);
                line.push(name, Style::Plain);
            }
        }
        lines.retain(|line| line.width() > 0);
        lines
    }

    /// The panels alone, every line at most `options.width` wide.
    pub(crate) fn plot(&self, options: &TerminalOptions) -> Vec<Line> {
        let height = options.height.clamp(2, 200);
        let ranges: Vec<Range> = self.panels.iter().map(vertical).collect();
        let ticks = ((height as f64 / 2.8).round() as usize).clamp(2, 8);
        let labels = ranges.iter().flat_map(|range| range.ticks(ticks));
        let gutter = labels.map(|tick| tick.label.chars().count()).max().unwrap_or(1);
        let columns = options.width.clamp(16, 1000).saturating_sub(gutter + 2).max(8);
        let xs = self
            .panels
            .iter()
            .flat_map(|panel| panel.series.iter().flat_map(|series| series.points.iter().map(|point| point.0)));
        let x = Range::across(&self.x, xs.chain(self.markers.iter().map(|marker| marker.at)));

        let mut lines = Vec::new();
        for (panel, y) in self.panels.iter().zip(&ranges) {
            if !panel.y.label.is_empty() {
                let scale = if y.is_log() { " (log scale)" } else { "" };
                lines.push(Line::text(
                    shortened(&format!("{}{scale}", panel.y.label), options.width.max(8)),
                    Style::Muted,
                ));
            }
            let mut canvas = Canvas::new(self.grain(options), columns, height);
            self.fill(&mut canvas, panel, &x, y);
            let mut labels = vec![String::new(); height];
            for tick in y.ticks(ticks) {
                labels[((1.0 - tick.at) * (height - 1) as f64).round() as usize] = tick.label;
            }
            for (row, label) in labels.into_iter().enumerate() {
                let edge = if label.is_empty() { "│" } else { "┤" };
                let mut line = Line::text(format!("{label:>gutter$} {edge}"), Style::Muted);
                for column in 0..columns {
                    let (letter, colour) = canvas.cell(column, row);
                    line.push(letter.to_string(), colour.map_or(Style::Muted, Style::Colour));
                }
                lines.push(line);
            }
        }
        lines.extend(foot(&self.x, &x, gutter, columns));
        if !self.x.label.is_empty() {
            let label = shortened(&self.x.label, columns);
            let indent = gutter + 2 + (columns - label.chars().count()) / 2;
            lines.push(Line::text(" ".repeat(indent) + &label, Style::Muted));
        }
        lines
    }

    fn fill(&self, canvas: &mut Canvas, panel: &Panel, x: &Range, y: &Range) {
        let (across, down) = canvas.size();
        let rows_each = |rows: usize| rows.saturating_sub(1) as f64;
        let place = |px: f64, py: f64| {
            let (at, up) = (x.place(px)?, y.place(py)?);
            Some((at * rows_each(across), (1.0 - up) * rows_each(down)))
        };
        for series in drawn(panel) {
            let (mut lines, gaps) = thin::lines(&series.points, 1.0, place);
            // Dots in no order are lines of one point each.
            if matches!(series.look, Look::Points | Look::Rings) {
                lines = series.points.iter().filter_map(|point| place(point.0, point.1)).map(|at| vec![at]).collect();
            }
            let dot = |point: &(f64, f64)| (point.0.round() as i64, point.1.round() as i64);
            for line in &lines {
                for pair in line.windows(2) {
                    canvas.line(dot(&pair[0]), dot(&pair[1]), series.colour);
                }
                if let [only] = line.as_slice() {
                    canvas.line(dot(only), dot(only), series.colour);
                }
            }
            for at in gaps.iter().filter(|_| series.crosses).filter_map(|gap| x.place(*gap)) {
                let column = column_of(at, canvas);
                canvas.put(column, 0, '×', true);
            }
        }
        for level in &panel.levels {
            let Some(up) = y.place(level.value) else { continue };
            let rows = canvas.rows();
            let row = ((1.0 - up) * rows_each(rows)).round().max(0.0) as usize;
            let columns = canvas.columns();
            let label: Vec<char> = format!(" {}", level.label).chars().collect();
            if label.len() < columns && canvas.free(columns - label.len()..columns, row) {
                for (index, letter) in label.iter().enumerate() {
                    canvas.put(columns - label.len() + index, row, *letter, false);
                }
            }
            for column in 0..columns {
                canvas.put(column, row, '╌', false);
            }
        }
        for at in self.markers.iter().filter_map(|marker| x.place(marker.at)) {
            let column = column_of(at, canvas);
            for row in 0..canvas.rows() {
                canvas.put(column, row, '┊', false);
            }
        }
    }
}

/// The series that a terminal has room for.
fn drawn(panel: &Panel) -> impl Iterator<Item = &super::Series> {
    let bold = panel.series.iter().any(|series| series.look != Look::Faint);
    panel.series.iter().filter(move |series| !bold || series.look != Look::Faint)
}

fn column_of(at: f64, canvas: &Canvas) -> usize {
    (at * canvas.columns().saturating_sub(1) as f64).round().max(0.0) as usize
}

/// The horizontal axis and its labels.
fn foot(across: &Axis, x: &Range, gutter: usize, columns: usize) -> [Line; 2] {
    let mut axis: Vec<char> = vec!['─'; columns];
    let mut labels: Vec<char> = vec![' '; columns + gutter + 2];
    let mut free = 0;
    for tick in across.ticks(x, (columns / 12).max(2)) {
        let column = (tick.at * (columns - 1) as f64).round() as usize;
        let width = tick.label.chars().count();
        let begin = (column + gutter + 2).saturating_sub(width / 2).min(labels.len().saturating_sub(width));
        if begin < free {
            continue;
        }
        axis[column.min(columns - 1)] = '┬';
        for (index, letter) in tick.label.chars().enumerate() {
            labels[begin + index] = letter;
        }
        free = begin + width + 1;
    }
    let axis = format!("{} └{}", " ".repeat(gutter), axis.into_iter().collect::<String>());
    [Line::text(axis, Style::Muted), Line::text(labels.into_iter().collect::<String>(), Style::Muted)]
}
